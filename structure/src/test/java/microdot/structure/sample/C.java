package microdot.structure.sample;

record C(A a, D d) {}
