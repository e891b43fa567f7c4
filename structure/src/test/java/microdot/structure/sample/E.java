package microdot.structure.sample;

import java.util.List;

record E(List<D> many, Outside outside) {}
