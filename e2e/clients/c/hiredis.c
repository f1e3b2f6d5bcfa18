/* An ordinary application on hiredis: hiredis HOST PORT STOPFILE. See ../doc.go for what it prints.
 *
 * One thread and three connections: hiredis sends and receives in two steps, so that a command can block on one
 * connection while another one works. */
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS 64
static struct { char text[200]; int n; } errors[KINDS];
static int unknown, operations;

static void failed(const char *text) {
    if (strstr(text, "UNKNOWNOUTCOME")) { unknown++; return; }
    int i = 0;
    while (i < KINDS - 1 && errors[i].n && strncmp(errors[i].text, text, sizeof errors[i].text - 1)) i++;
    snprintf(errors[i].text, sizeof errors[i].text, "%s", text);
    errors[i].n++;
}

static void check(int ok, const char *what) { if (!ok) failed(what); }

static redisContext *dial(const char *host, int port) {
    redisContext *c = redisConnect(host, port);
    if (!c || c->err) {
        fprintf(stderr, "connect: %s\n", c ? c->errstr : "no memory");
        exit(1);
    }
    return c;
}

/* receive takes ownership of nothing: the caller frees. A connection that hiredis gives up is the end of the program:
 * hiredis does not connect anew. */
static redisReply *receive(redisContext *c) {
    void *reply;
    if (redisGetReply(c, &reply) != REDIS_OK) {
        fprintf(stderr, "connection lost: %s\n", c->errstr);
        exit(1);
    }
    return reply;
}

/* one counts a reply that is an error, and says whether it is not. */
static int good(redisReply *r) {
    if (r->type == REDIS_REPLY_ERROR) failed(r->str);
    return r->type != REDIS_REPLY_ERROR;
}

static void send_command(redisContext *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    redisvAppendCommand(c, format, args);
    va_end(args);
    int done = 0;
    while (!done && redisBufferWrite(c, &done) == REDIS_OK) {}
}

static redisReply *call(redisContext *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    redisvAppendCommand(c, format, args);
    va_end(args);
    return receive(c);
}

static int is(redisReply *r, const char *want) {
    return (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS) && !strcmp(r->str, want);
}

/* ok: r is what is wanted. Frees it; returns 0 when it was an error. */
static int expect(redisReply *r, const char *want, const char *what) {
    int fine = good(r);
    if (fine) check(is(r, want), what);
    freeReplyObject(r);
    return fine;
}

/* A counter's value is one more than the last, and at most one more again for each outcome that is unknown. */
struct counter { long long last; int unsure; };

static void now(struct counter *c, long long value) {
    check(value > c->last, "lost: counter is behind");
    check(value <= c->last + 1 + unknown - c->unsure, "twice: counter is ahead");
    c->last = value;
    c->unsure = unknown;
}

static char name[64];
static redisContext *work, *blocked, *subscribed;

static void values(int n) {
    char value[32];
    snprintf(value, sizeof value, "v%d", n);
    if (!expect(call(work, "SET %s:value %s", name, value), "OK", "SET")) return;
    expect(call(work, "GET %s:value", name), value, "stale: GET after SET");
}

static void incr(int n) {
    static struct counter c;
    redisReply *r = call(work, "INCR %s:counter", name);
    if (good(r)) now(&c, r->integer);
    freeReplyObject(r);
    (void)n;
}

static void pipeline(int n) {
    char value[32];
    for (int i = 0; i < 5; i++) redisAppendCommand(work, "SET %s:p%d %d-%d", name, i, n, i);
    for (int i = 0; i < 5; i++) redisAppendCommand(work, "GET %s:p%d", name, i);
    for (int i = 0; i < 5; i++) expect(receive(work), "OK", "SET in a pipeline");
    for (int i = 0; i < 5; i++) {
        snprintf(value, sizeof value, "%d-%d", n, i);
        expect(receive(work), value, "stale: pipeline");
    }
}

/* Nobody else writes the watched key: EXEC answers nil only when the master has changed in between. */
static void transaction(int n) {
    static struct counter c;
    for (int committed = 0; !committed;) {
        if (!expect(call(work, "WATCH %s:watched", name), "OK", "WATCH")) return;
        redisReply *r = call(work, "GET %s:watched", name);
        long long before = r->type == REDIS_REPLY_STRING ? atoll(r->str) : 0;
        freeReplyObject(r);
        if (!expect(call(work, "MULTI"), "OK", "MULTI")) return;
        expect(call(work, "SET %s:watched %lld", name, before + 1), "QUEUED", "SET in MULTI");
        expect(call(work, "GET %s:watched", name), "QUEUED", "GET in MULTI");
        r = call(work, "EXEC");
        if (!good(r)) { freeReplyObject(r); return; }
        committed = r->type == REDIS_REPLY_ARRAY && r->elements == 2;
        if (committed) now(&c, atoll(r->element[1]->str));
        else check(r->type == REDIS_REPLY_NIL, "EXEC is neither nil nor two replies");
        freeReplyObject(r);
    }
    (void)n;
}

/* hiredis leaves NOSCRIPT to the application: EVALSHA is expected to work for as long as the script was loaded. */
static void script(int n) {
    static const char body[] = "redis.call('SET', KEYS[1], ARGV[1]) return ARGV[1]";
    static char sha[64];
    char value[32];
    snprintf(value, sizeof value, "s%d", n);
    if (!*sha) {
        redisReply *r = call(work, "SCRIPT LOAD %s", body);
        if (good(r)) snprintf(sha, sizeof sha, "%s", r->str);
        freeReplyObject(r);
    }
    expect(call(work, "EVALSHA %s 1 %s:script %s", sha, name, value), value, "EVALSHA");
    if (!expect(call(work, "EVAL %s 1 %s:script %s", body, name, value), value, "EVAL")) return;
    expect(call(work, "GET %s:script", name), value, "stale: GET after script");
}

/* BLPOP waits on one connection, and with it perhaps through a whole switch, before another one pushes. */
static void queue(int n) {
    static int waiting;
    if (!waiting) send_command(blocked, "BLPOP %s:queue 10", name);
    waiting = 1;
    redisReply *r = call(work, "RPUSH %s:queue %d", name, n);
    int pushed = good(r);
    freeReplyObject(r);
    if (!pushed) return; /* its outcome may be unknown: what was pushed, if it was, is popped in the next round */
    for (int found = 0; !found;) {
        if (!waiting) send_command(blocked, "BLPOP %s:queue 10", name);
        waiting = 0;
        r = receive(blocked);
        if (!good(r)) found = 1;
        else if (r->type != REDIS_REPLY_ARRAY) { failed("missing: pushed element"); found = 1; }
        else {
            check(atoi(r->element[1]->str) <= n, "wrong element");
            found = atoi(r->element[1]->str) == n;
        }
        freeReplyObject(r);
    }
}

static void publish(int n) {
    redisReply *r = call(work, "PUBLISH %s:channel %d", name, n);
    int published = good(r);
    if (published) check(r->integer == 1, "lost: published to no receiver");
    int receivers = published ? r->integer : 0;
    freeReplyObject(r);
    for (int heard = 0; receivers == 1 && heard < n;) {
        r = receive(subscribed);
        if (r->type != REDIS_REPLY_ARRAY || r->elements != 3) { failed("not a message"); freeReplyObject(r); return; }
        heard = atoi(r->element[2]->str);
        check(heard <= n, "wrong message");
        freeReplyObject(r);
    }
}

static long long id(void) {
    redisReply *r = call(work, "CLIENT ID");
    long long n = r->integer;
    freeReplyObject(r);
    return n;
}

static void quoted(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        if ((unsigned char)*text >= ' ') putchar(*text);
    }
    putchar('"');
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int port = atoi(argv[2]);
    snprintf(name, sizeof name, "c:%d", (int)getpid());
    work = dial(argv[1], port);
    blocked = dial(argv[1], port);
    subscribed = dial(argv[1], port);
    long long before = id();
    freeReplyObject(call(subscribed, "SUBSCRIBE %s:channel", name));
    void (*steps[])(int) = {values, incr, pipeline, transaction, script, queue, publish};
    for (int n = 1; access(argv[3], F_OK) != 0; n++) {
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++, operations++) steps[i](n);
        printf("round %d\n", n);
        fflush(stdout);
        usleep(20000);
    }
    int closed = id() != before;
    redisFree(work);
    redisFree(blocked);
    redisFree(subscribed);
    printf("{\"operations\": %d, \"errors\": {", operations);
    for (int i = 0; i < KINDS && errors[i].n; i++) {
        if (i) putchar(',');
        quoted(errors[i].text);
        printf(": %d", errors[i].n);
    }
    printf("}, \"closed\": %d, \"unknown\": %d}\n", closed, unknown);
    return 0;
}
