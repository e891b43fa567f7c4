// Readings of a thermometer: a route, a topic as a stream, and a topic as a Flow.
//
//   curl -N http://localhost:5000/readings
//   curl -N http://localhost:5000/alarms
//   curl -d 31.5 http://localhost:5000/readings

package readings

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.jdk9.asFlow
import kotlinx.coroutines.launch
import microdot.HttpException
import microdot.Microdot
import microdot.sse.Event
import microdot.sse.Topics

fun main(args: Array<String>) {
    readings(Topics()).run(args.firstOrNull()?.toInt() ?: 5000)
}

fun readings(topics: Topics): Microdot {
    val app = Microdot()

    app.get("/") { "Post a temperature to /readings" }
    app.post("/readings") { request ->
        val celsius = request.text().toDoubleOrNull() ?: throw HttpException(400, "a number, such as 21.5")
        topics.publish("readings", Event.of(celsius).event("reading"))
        204
    }
    app.get("/readings", topics.stream("readings"))
    app.get("/alarms", topics.stream("alarms"))

    // UNDISPATCHED: it follows the topic before launch returns, so that it misses no reading.
    CoroutineScope(Dispatchers.Default).launch(start = CoroutineStart.UNDISPATCHED) {
        topics.publisher("readings").asFlow()
            .filter { event -> event.event() == "reading" } // Not a gap.
            .map { event -> event.data().toString().toDouble() }
            .filter { celsius -> celsius > 30 }
            .collect { celsius -> topics.publish("alarms", mapOf("celsius" to celsius)) }
    }
    return app
}
