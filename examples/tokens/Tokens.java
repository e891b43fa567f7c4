// A language model's answer, token by token. When the page aborts, the model stops.
//
//   ./microdot run examples/tokens/Tokens.java [PORT]
//   curl -N -d 'tell me more' http://localhost:5000/chat        (Ctrl-C stops the model)
//   open http://localhost:5000/

import static microdot.sse.Sse.sseResponse;

import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;

void main(String[] args) {
    var app = new Microdot();

    app.post("/chat", request -> {
        String prompt = request.text();
        if (prompt.isBlank()) throw new HttpException(400, "prompt: empty (expected: some text)");
        return sseResponse(request, (req, sse) -> {
            try (var model = new Model(prompt)) {
                for (String token = model.next(); token != null; token = model.next()) {
                    sse.send(token, "token");
                }
            }
            sse.send("", "done");
        });
    });

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** A stand-in: put the client of your model here. What it needs is next, which can be interrupted, and close. */
class Model implements AutoCloseable {
    final Iterator<String> words;
    boolean finished;

    Model(String prompt) {
        words = List.of(("You said: " + prompt + ". " + "And so on. ".repeat(100)).split("(?<= )")).iterator();
    }

    /** The next token, or null at the end. */
    String next() throws InterruptedException {
        Thread.sleep(50);
        finished = !words.hasNext();
        return finished ? null : words.next();
    }

    @Override
    public void close() {
        IO.println(finished ? "model finished" : "model stopped");
    }
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Tokens</title>
    <form><input name="prompt" value="tell me more"><button>Send</button><button type="button">Stop</button></form>
    <p></p>
    <script>
      const [form, answer] = [document.querySelector('form'), document.querySelector('p')];
      let abort = new AbortController();
      document.querySelector('[type=button]').onclick = () => abort.abort();
      form.onsubmit = async e => {
        e.preventDefault();
        abort.abort();
        abort = new AbortController();
        answer.textContent = '';
        try {
          const response = await fetch('/chat', { method: 'POST', body: form.prompt.value, signal: abort.signal });
          if (!response.ok) throw new Error(await response.text());
          await read(response.body.pipeThrough(new TextDecoderStream()).getReader());
        } catch (error) {
          answer.append(` [${error.name === 'AbortError' ? 'stopped' : error.message}]`);
        }
      };
      async function read(reader) {
        let text = '';
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          text += part.value;
          const events = text.split('\\n\\n');
          text = events.pop();                              // the last one is not complete yet
          for (const event of events) {
            const lines = event.split('\\n');
            if (lines.includes('event: done')) return;
            answer.append(lines.filter(line => line.startsWith('data: ')).map(line => line.slice(6)).join('\\n'));
          }
        }
        throw new Error('the connection ended before the answer did');
      }
    </script>
    """;
