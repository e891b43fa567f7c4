package microdot.structure.sample;

final class B {
    private B() {}

    record Inner(C[] others) {}
}
