package dashboard.camera;

/** A numbered picture as JPEG. */
@SuppressWarnings("ArrayRecordComponent") // Frames are not compared, and a copy of each would cost.
public record Frame(long number, byte[] jpeg) {}
