package dashboard;

import java.util.List;
import java.util.Map;
import microdot.sse.Run;

/** A text about runs, which a run writes word by word, as a language model would. */
final class Story {
    private static final int MILLIS_A_WORD = 140;

    private static final String TEXT =
            """
            This text comes from a run: work that belongs to the server, and not to this page. \
            A language model would write an answer in the same way, one word at a time.

            Reload the page now. The words so far are back at once, in grey, and the text goes on \
            behind them. Nothing is missing, and nothing comes twice.

            Now open the page in a second tab, or on another device. Both show the same words at \
            the same time. Close all of them and wait: the run goes on without a reader. A page \
            that opens its address later gets the whole text from the first word on, until ten \
            minutes after its end.

            Stop ends the run for everyone. Its thread is interrupted, wherever it waits, and every \
            page gets that as its last event. If nobody stops it, the run ends here. Then each \
            stream ends too, and the pages know that there is nothing more to wait for.\
            """;

    /** Each with the space or the line breaks behind it. */
    private static final List<String> WORDS = List.of(TEXT.split("(?<=\\s)(?=\\S)"));

    private Story() {}

    static void write(Run run) throws InterruptedException {
        run.send(Map.of("words", WORDS.size()), "begin");
        for (String word : WORDS) {
            run.send(word, "word");
            Thread.sleep(MILLIS_A_WORD);
        }
    }
}
