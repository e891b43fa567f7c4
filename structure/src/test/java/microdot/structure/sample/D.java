package microdot.structure.sample;

record D(E e) {}
