package dashboard.camera;

/** A picture as JPEG, and its number. */
@SuppressWarnings("ArrayRecordComponent") // Frames are not compared, and a copy of each would cost.
public record Frame(long number, byte[] jpeg) {}
