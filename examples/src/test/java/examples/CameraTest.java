package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CameraTest {
    @Test
    void slidingBoxIsReportedWhileItMoves() throws Exception {
        try (Example camera = Example.start("camera/Camera.java")) {
            assertEquals(
                    List.of(
                            "event: detection",
                            "data: {\"frame\":1,\"x\":0,\"y\":100,\"width\":54,\"height\":40}"),
                    camera.lines("/detections", 2));
        }
    }
}
