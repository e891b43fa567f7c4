// A language model's answer that survives a refresh: the model goes on without its page, and a page that comes back
// gets the whole answer.
//
//   ./microdot run examples/answers/Answers.java [PORT]
//   open http://localhost:5000/
//   curl -iN -d 'tell me more' http://localhost:5000/chat      the header Run-Id has the id of the answer
//   curl -N http://localhost:5000/chat/ID

import microdot.Microdot;
import microdot.Response;
import microdot.sse.RunOptions;
import microdot.sse.RunOptions.WhenNobodyFollows;
import microdot.sse.Runs;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();

    var runs = new Runs(new Topics(), new RunOptions()
            .whenNobodyFollows(WhenNobodyFollows.STOP)                  // 2 seconds after the last page has gone
            .errorText(failure -> "The model failed. Try again."));

    app.post("/chat", request -> {
        Response resumed = runs.resumed(request);                       // the same request again, after a disconnect
        if (resumed != null) return resumed;
        String prompt = request.text();
        return runs.stream(request, runs.start(run -> {
            var model = new Model(prompt);
            for (String token = model.next(); token != null; token = model.next()) {
                run.send(token, "token");
            }
        }));
    });
    app.get("/chat/{id}", runs.stream(request -> request.param("id")));
    app.delete("/chat/{id}", request -> runs.stop(request.param("id")) ? 204 : 404);

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** A stand-in: put the client of your model here. */
class Model {
    final Iterator<String> words;

    Model(String prompt) {
        if (prompt.isBlank()) throw new IllegalArgumentException("no prompt");
        words = List.of(("You said: " + prompt + ". " + "And so on. ".repeat(20)).split("(?<= )")).iterator();
    }

    /** The next token, or null at the end. */
    String next() throws InterruptedException {
        Thread.sleep(50);
        return words.hasNext() ? words.next() : null;
    }
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Answers</title>
    <form><input name="prompt" value="tell me more"><button>Send</button><button type="button">Stop</button></form>
    <p></p>
    <script>
      const [form, answer] = [document.querySelector('form'), document.querySelector('p')];
      const id = () => location.hash.slice(1);
      let events = null;
      function follow() {
        if (events) events.close();
        answer.textContent = '';
        events = new EventSource('/chat/' + id());
        events.addEventListener('token', e => answer.append(e.data));
        events.addEventListener('run-stopped', () => answer.append(' [stopped]'));
        events.addEventListener('run-error', e => answer.append(` [${e.data}]`));
      }
      form.onsubmit = async e => {
        e.preventDefault();
        const response = await fetch('/chat', { method: 'POST', body: form.prompt.value });
        location.hash = response.headers.get('Run-Id');   // the id is in the page's address: a refresh keeps it
        response.body.cancel();                            // EventSource reads the answer, and reconnects by itself
        follow();
      };
      document.querySelector('[type=button]').onclick = () => fetch('/chat/' + id(), { method: 'DELETE' });
      if (id()) follow();
    </script>
    """;
