package dashboard.camera;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Finds the groups of marked cells in a grid. */
final class Blobs {
    private final int columns;
    private final int rows;
    private final int reach;

    /**
     * Creates a grid of this size.
     *
     * @param reach the distance, in cells, up to which two marked cells belong to one group: an
     *     animal's leg and body often have unmarked cells between them
     */
    Blobs(int columns, int rows, int reach) {
        this.columns = columns;
        this.rows = rows;
        this.reach = reach;
    }

    /** Returns the groups, each as the indexes of its cells, {@code row * columns + column}. */
    List<List<Integer>> find(boolean[] marked) {
        boolean[] open = marked.clone();
        List<List<Integer>> blobs = new ArrayList<>();
        for (int cell = 0; cell < open.length; cell++) {
            if (open[cell]) {
                blobs.add(grow(cell, open));
            }
        }
        return blobs;
    }

    private List<Integer> grow(int first, boolean[] open) {
        List<Integer> blob = new ArrayList<>();
        var next = new ArrayDeque<Integer>();
        open[first] = false;
        next.add(first);
        while (!next.isEmpty()) {
            int cell = next.removeFirst();
            blob.add(cell);
            addNeighbours(cell, open, next);
        }
        return blob;
    }

    private void addNeighbours(int cell, boolean[] open, ArrayDeque<Integer> next) {
        int row = cell / columns;
        int column = cell % columns;
        for (int y = Math.max(0, row - reach); y <= Math.min(rows - 1, row + reach); y++) {
            for (int x = Math.max(0, column - reach);
                    x <= Math.min(columns - 1, column + reach);
                    x++) {
                int neighbour = y * columns + x;
                if (open[neighbour]) {
                    open[neighbour] = false;
                    next.add(neighbour);
                }
            }
        }
    }
}
