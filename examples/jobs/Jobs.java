// The progress of a job that goes on without its client: start it, refresh, follow it in two tabs, stop it.
//
//   ./microdot run examples/jobs/Jobs.java [PORT]
//   open http://localhost:5000/
//   curl -X POST http://localhost:5000/jobs/report
//   curl -N http://localhost:5000/jobs/report

import microdot.Microdot;
import microdot.Response;
import microdot.sse.RunOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();

    var runs = new Runs(new Topics(), new RunOptions().keepFor(Duration.ofMinutes(1)));

    app.post("/jobs/{name}", request -> {
        runs.start(request.param("name"), run -> {
            for (int done = 1; done <= 20; done++) {
                Thread.sleep(250);                                      // the work; stop interrupts it
                run.send(Map.of("done", done, "of", 20), "progress");
            }
            run.send("/reports/7", "result");
        });
        return 202;
    });
    app.get("/jobs/{name}", runs.stream(request -> request.param("name")));
    app.delete("/jobs/{name}", request -> runs.stop(request.param("name")) ? 204 : 404);

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Jobs</title>
    <button>Start</button> <button>Stop</button>
    <p><progress value="0" max="1"></progress></p>
    <p id="state"></p>
    <script>
      const [start, stop] = document.querySelectorAll('button');
      const state = document.querySelector('#state');
      let events = null;
      function follow() {
        if (events) events.close();
        events = new EventSource('/jobs/report');
        events.addEventListener('progress', e => {
          const { done, of } = JSON.parse(e.data);
          document.querySelector('progress').value = done / of;
          state.textContent = `${done} of ${of}`;
        });
        events.addEventListener('result', e => state.textContent = `done: ${e.data}`);
        events.addEventListener('run-stopped', () => state.textContent += ', stopped');
        events.addEventListener('run-error', e => state.textContent = e.data);
      }
      start.onclick = async () => { await fetch('/jobs/report', { method: 'POST' }); follow(); };
      stop.onclick = () => fetch('/jobs/report', { method: 'DELETE' });
      follow();   // after a refresh: everything from the first event on; 404 if there is no job
    </script>
    """;
