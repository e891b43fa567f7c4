package microdot.structure.sample;

record A(B.Inner inner) {}
