package dashboard.camera;

/**
 * The part of a frame in which something moves, in pixels.
 *
 * @param score how much of the box differs from the still background, from 0 to 1
 */
public record Box(int x, int y, int width, int height, double score) {}
