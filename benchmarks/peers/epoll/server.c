// What the kernel takes: one thread, one epoll, and for each event a frame made once and sent with one send() to each stream.
// A bound and not a server: it knows only the requests of the benchmark, and disconnects clients that cannot take an event at once.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 20000, REQUEST = 64 << 10 };

static const char BEGIN[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char DONE[] = "HTTP/1.1 204 No Content\r\n\r\n";

struct connection {
  char *text; // what was read of a request; NULL once it is a stream
  int length;
  int place; // index among the streams
};

static struct connection connections[MOST];
static int streams[MOST], streaming, loop;

static void cut(int fd) {
  struct connection *it = &connections[fd];
  if (it->text == NULL) {
    streams[it->place] = streams[--streaming];
    connections[streams[it->place]].place = it->place;
  }
  free(it->text);
  close(fd);
}

// A client that does not take all of it at once is shut down, and disconnected when the loop reaches it.
static void give(int fd, const char *text, int length) {
  if (send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) != length) shutdown(fd, SHUT_RDWR);
}

static void publish(const char *data, int length) {
  static char frame[REQUEST + 64];
  int size = sprintf(frame, "%x\r\ndata: %.*s\n\n\r\n", length + 8, length, data);
  for (int i = 0; i < streaming; i++) give(streams[i], frame, size);
}

static void begin(int fd) {
  struct connection *it = &connections[fd];
  free(it->text);
  it->text = NULL;
  it->place = streaming;
  streams[streaming++] = fd;
  give(fd, BEGIN, sizeof BEGIN - 1);
}

// Handles the complete requests in the text, or makes the connection a stream.
static void serve(int fd) {
  struct connection *it = &connections[fd];
  for (;;) {
    it->text[it->length] = 0;
    char *end = strstr(it->text, "\r\n\r\n");
    if (end == NULL) return;
    if (strncmp(it->text, "GET /events", 11) == 0) {
      begin(fd);
      return;
    }
    char *field = strcasestr(it->text, "\r\ncontent-length:");
    int body = field != NULL && field < end ? atoi(field + 17) : 0;
    int whole = (int)(end + 4 - it->text) + body;
    if (it->length < whole) return;
    publish(end + 4, body);
    give(fd, DONE, sizeof DONE - 1);
    memmove(it->text, it->text + whole, it->length - whole);
    it->length -= whole;
  }
}

static void receive(int fd) {
  struct connection *it = &connections[fd];
  char ignored[512];
  if (it->text == NULL) {
    if (recv(fd, ignored, sizeof ignored, MSG_DONTWAIT) <= 0) cut(fd);
    return;
  }
  int count = recv(fd, it->text + it->length, REQUEST - 1 - it->length, MSG_DONTWAIT);
  if (count <= 0) {
    cut(fd);
    return;
  }
  it->length += count;
  serve(fd);
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int listening) {
  for (int fd; (fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    if (fd >= MOST) {
      close(fd);
      continue;
    }
    connections[fd] = (struct connection){.text = malloc(REQUEST)};
    watch(fd);
  }
}

int main(int count, char **arguments) {
  int one = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(count > 1 ? atoi(arguments[1]) : 5000),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 1024)) {
    perror("listen");
    return 1;
  }
  loop = epoll_create1(0);
  watch(listening);
  for (;;) {
    struct epoll_event ready[256];
    int many = epoll_wait(loop, ready, 256, -1);
    for (int i = 0; i < many; i++)
      if (ready[i].data.fd == listening) accept_all(listening);
      else receive(ready[i].data.fd);
  }
}
