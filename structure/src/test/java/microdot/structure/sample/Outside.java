package microdot.structure.sample;

record Outside(String name) {}
