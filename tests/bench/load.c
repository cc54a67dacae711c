/*
 * A load generator that is never the bottleneck: it renders one block of lines once and then only patches the
 * sequence numbers (every round) and the stamps (when the second changes), so a line costs little more than send(2).
 *
 *   load tcp|udp PORT --count N [--connections C] [--rate LINES/S] [--framing lf|octet]
 *                     [--format bsd|rfc5424|windows] [--size BYTES] [--pris 135,38,30] [--hosts H]
 *                     [--texts FILE]
 *   load idle PORT --connections C       holds C connections open until stdin closes
 *
 * With --hosts the lines come from H hosts, host00000 and so on, one after the other; else from 40, mixed.
 * With --texts they say what the lines of a file say, in turn, with program and all, up to a thousand of them.
 * Every line carries "id=cCCCC-nNNNNNNNNNN", connection and sequence number, which verify.c checks.
 * Prints one JSON object: lines, bytes, seconds, cpu (seconds), started (Unix time of the first byte).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1000, HOSTS = 40, GROUP = 50, LINE_MAX_BYTES = 2048, STAMP_MAX = 32 };

enum format { BSD, RFC5424, WINDOWS };

static struct {
    enum format format;
    int port, connections, octet_counting, size, pri_count, hosts;
    int pris[64];
    double rate;
    uint64_t count;
    const char *texts;
} option = {.connections = 1,
            .size = 180,
            .pri_count = 16,
            /* local0 × 6, auth and authpriv × 4, then daemon, user, kern, mail, cron and local7 */
            .pris = {135, 134, 135, 131, 132, 135, 38, 86, 36, 86, 30, 13, 4, 22, 78, 190}};

/* Lines no connection has taken yet: whoever can send takes the next ones, so that no slow connection decides. */
static uint64_t untaken;

/* Of --texts. */
static char texts[BLOCK][LINE_MAX_BYTES / 2];
static int text_count;

/* Where the line begins, its stamp and its sequence number stand: the same in the block of every connection. */
static struct {
    uint32_t line[BLOCK + 1], stamp[BLOCK], host[BLOCK], sequence[BLOCK];
} at;

struct connection {
    int fd;
    char *block;
    uint64_t lines; /* taken so far */
    uint32_t position, end;
    time_t second;
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t random_below(uint32_t limit)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % limit;
}

static int stamp_of(char *out, time_t second)
{
    struct tm parts;
    if (option.format == RFC5424) {
        gmtime_r(&second, &parts);
        return strftime(out, STAMP_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    localtime_r(&second, &parts);
    return strftime(out, STAMP_MAX, "%b %e %H:%M:%S", &parts);
}

static const char *const APPS[] = {"sshd", "postfix/smtpd", "named", "CRON", "kernel", "systemd", "dhcpd", "nginx"};
static const char *const TYPES[] = {"success", "failure", "info", "warning", "error"};
static const char FILLER[] = "connection from 192.0.2.7 port 51514 accepted for user operator after 3 attempts, session "
                             "opened with method publickey and cipher aes256-gcm; next check in 300 seconds (ok) ";
static const char PLAIN[] = "seq=20417 node=rack-12 zone=east uptime=86400 trace=5f2c9b7e1d queue=7 shard=3 region=tokyo-2 "
                            "flags=none build=2026.11 tenant=4711 latency=12ms attempt=1 "; /* behind --texts */
static const char JAPANESE[] = "着信トラフィックを許可しました。プロセス識別子 ユーザー アカウント 監査の失敗 ポート番号 ";

/* Text up to exactly `target` bytes, no UTF-8 sequence cut, no blank at the end. */
static int fill(char *out, int used, int target)
{
    const char *filler = option.format == WINDOWS ? JAPANESE : text_count ? PLAIN : FILLER;
    int start = used, length = strlen(filler);
    for (int part; used < target; used += part) {
        part = target - used < length ? target - used : length;
        memcpy(out + used, filler, part);
    }
    while (used > start && (filler[(used - start) % length] & 0xC0) == 0x80)
        used--;
    while (used < target || out[used - 1] == ' ')
        used < target ? (out[used++] = '.') : (out[used - 1] = '.');
    return used;
}

/* One line without frame; `stamp`, `name` and `mark` receive the offsets of what is patched later. */
static int render_line(char *out, int index, int target, uint32_t *stamp, uint32_t *name, uint32_t *mark)
{
    char time_text[STAMP_MAX], host[16];
    uint32_t pid = 300 + random_below(30000);
    const char *app = APPS[random_below(8)];
    sprintf(host, option.hosts ? "host%05u" : "host%02u", random_below(HOSTS));
    int used = sprintf(out, "<%d>%s", option.pris[random_below(option.pri_count)], option.format == RFC5424 ? "1 " : "");
    *stamp = used;
    stamp_of(time_text, 0);
    used += sprintf(out + used, "%s", time_text);
    *name = used + (option.format == RFC5424 ? 13 : 5); /* the digits behind "host" */
    if (option.format == RFC5424)
        used += sprintf(out + used, ".%06uZ %s.example.net %s %u - [origin ip=\"192.0.2.7\"] ",
                        random_below(1000000), host, app, pid);
    else if (text_count)
        used += sprintf(out + used, " %s %s ", host, texts[index % text_count]);
    else if (option.format == WINDOWS)
        used += sprintf(out + used, " %s security[%s] %u NT AUTHORITY\\SYSTEM ", host, TYPES[random_below(5)], pid);
    else
        used += sprintf(out + used, " %s %s[%u]: ", host, app, pid);
    used += sprintf(out + used, "id=c0000-");
    *mark = used;
    used += sprintf(out + used, "n%07d%03d ", 0, index);
    return fill(out, used, target);
}

/* Datagrams vary in size by groups, because one UDP_SEGMENT call sends datagrams of one size. */
static char *render_block(int datagrams)
{
    char *block = malloc((size_t)BLOCK * LINE_MAX_BYTES), line[2 * LINE_MAX_BYTES];
    uint32_t used = 0, stamp, name, mark, target = 0;
    if (!block)
        err(1, "malloc");
    for (int i = 0; i < BLOCK; i++) {
        if (!datagrams || i % GROUP == 0)
            target = option.size * 3 / 4 + random_below(option.size / 2);
        int length = render_line(line, i, target, &stamp, &name, &mark);
        if (datagrams && length != (int)target)
            errx(2, "a text is too long for --size %d", option.size);
        at.line[i] = used;
        if (!datagrams && option.octet_counting)
            used += sprintf(block + used, "%d ", length);
        at.stamp[i] = used + stamp;
        at.host[i] = used + name;
        at.sequence[i] = used + mark;
        memcpy(block + used, line, length);
        used += length;
        if (!datagrams && !option.octet_counting)
            block[used++] = '\n';
    }
    at.line[BLOCK] = used;
    return block;
}

/* The same lines under another connection number, so that one table of offsets serves all. */
static char *copy_block(const char *first, int connection)
{
    char *block = malloc(at.line[BLOCK]), digits[16];
    if (!block)
        err(1, "malloc");
    memcpy(block, first, at.line[BLOCK]);
    snprintf(digits, sizeof digits, "%04d-", connection);
    for (int i = 0; i < BLOCK; i++)
        memcpy(block + at.sequence[i] - 5, digits, 5);
    return block;
}

/* Moves the block to its next thousand numbers; the last three digits never change. */
static void renumber(struct connection *c)
{
    char text[STAMP_MAX], number[32];
    struct timespec t;
    snprintf(number, sizeof number, "n%07u", (unsigned)(c->lines / BLOCK));
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    for (int i = 0; i < BLOCK; i++)
        memcpy(c->block + at.sequence[i], number, 8);
    for (int i = 0; option.hosts && i < BLOCK; i++) {
        snprintf(number, sizeof number, "%05u", (unsigned)((c->lines + i) % option.hosts));
        memcpy(c->block + at.host[i], number, 5);
    }
    if (t.tv_sec != c->second) {
        int length = stamp_of(text, c->second = t.tv_sec);
        for (int i = 0; i < BLOCK; i++)
            memcpy(c->block + at.stamp[i], text, length);
    }
}

/* Takes up to `limit` more lines, never over the end of the block; returns how many. */
static uint32_t next_lines(struct connection *c, uint32_t limit)
{
    uint32_t index = c->lines % BLOCK, take = BLOCK - index;
    if (index == 0)
        renumber(c);
    if (take > limit)
        take = limit;
    if (take > untaken)
        take = untaken;
    untaken -= take;
    c->position = at.line[index];
    c->end = at.line[index + take];
    c->lines += take;
    return take;
}

/* Waits until `sent` lines are due. A delay of more than 2 ms is forgiven, not made up for in one burst. */
static void pace(uint64_t sent, double *start)
{
    if (option.rate <= 0)
        return;
    double due = *start + sent / option.rate, late = now(CLOCK_MONOTONIC) - due;
    if (late > 0.002)
        *start += late - 0.002;
    while ((late = now(CLOCK_MONOTONIC) - due) < 0)
        if (late < -60e-6) {
            struct timespec pause = {0, (long)((-late - 50e-6) * 1e9) % 1000000000};
            nanosleep(&pause, NULL);
        }
}

static struct connection *connect_all(int type)
{
    struct connection *all = calloc(option.connections, sizeof *all);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(option.port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct rlimit files = {option.connections + 64, option.connections + 64};
    if (!all)
        err(1, "calloc");
    if (option.connections > 900 && setrlimit(RLIMIT_NOFILE, &files))
        err(1, "setrlimit");
    for (int i = 0; i < option.connections; i++) {
        if ((all[i].fd = socket(AF_INET, type, 0)) < 0 || connect(all[i].fd, (void *)&peer, sizeof peer))
            err(1, "connection %d to port %d", i, option.port);
    }
    return all;
}

static void prepare_blocks(struct connection *all, int datagrams)
{
    all[0].block = render_block(datagrams);
    for (int i = 1; i < option.connections; i++)
        all[i].block = copy_block(all[0].block, i);
}

static uint64_t send_streams(struct connection *all, double start)
{
    uint64_t bytes = 0, lines = 0;
    uint32_t chunk = option.rate > 0 ? 100 : BLOCK;
    struct pollfd *polled = calloc(option.connections, sizeof *polled);
    int open_count = option.connections, send_buffer = 256 << 10; /* or much of the load waits in the kernel */
    for (int i = 0; i < option.connections; i++) {
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
        setsockopt(all[i].fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
        polled[i] = (struct pollfd){all[i].fd, POLLOUT, 0};
    }
    while (open_count) {
        poll(polled, option.connections, -1);
        for (int i = 0; i < option.connections; i++) {
            struct connection *c = &all[i];
            if (!polled[i].revents)
                continue;
            if (c->position == c->end && untaken) {
                pace(lines, &start);
                lines += next_lines(c, chunk);
            }
            ssize_t sent = send(c->fd, c->block + c->position, c->end - c->position, MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN)
                err(1, "send");
            if (sent > 0)
                bytes += sent, c->position += sent;
            if (c->position == c->end && !untaken) {
                shutdown(c->fd, SHUT_WR);
                polled[i].fd = -1;
                open_count--;
            }
        }
    }
    return bytes;
}

/*
 * UDP_SEGMENT (Linux 4.18) hands a group of datagrams to the kernel in one call; the receiver still gets single ones.
 * With sendmmsg(2) the sender alone would need a whole core for 400,000 datagrams per second.
 */
static void send_group(int fd, char *data, size_t bytes, uint16_t each)
{
    struct iovec part = {data, bytes};
    union {
        char room[CMSG_SPACE(sizeof each)];
        struct cmsghdr head;
    } control = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room};
    control.head = (struct cmsghdr){CMSG_LEN(sizeof each), SOL_UDP, UDP_SEGMENT};
    memcpy(CMSG_DATA(&control.head), &each, sizeof each);
    while (sendmsg(fd, &message, 0) < 0)
        if (errno != ENOBUFS && errno != EAGAIN)
            err(1, "sendmsg");
}

/* Sources take turns, a group each. A group holds at most half a millisecond of the rate, so it is no burst. */
static uint64_t send_datagrams(struct connection *all, double start)
{
    uint64_t bytes = 0, lines = 0;
    uint32_t most = option.rate > 0 && option.rate / 2000 < GROUP ? option.rate / 2000 + 1 : GROUP;
    for (int turn = 0; untaken; turn = (turn + 1) % option.connections) {
        struct connection *c = &all[turn];
        uint32_t first = c->lines % BLOCK, left = GROUP - first % GROUP;
        pace(lines, &start);
        lines += next_lines(c, left < most ? left : most);
        send_group(c->fd, c->block + c->position, c->end - c->position, at.line[first + 1] - at.line[first]);
        bytes += c->end - c->position;
    }
    return bytes;
}

static void read_texts(void)
{
    FILE *file = fopen(option.texts, "r");
    if (!file)
        err(1, "%s", option.texts);
    while (text_count < BLOCK && fgets(texts[text_count], sizeof *texts, file)) {
        texts[text_count][strcspn(texts[text_count], "\n")] = 0;
        text_count++;
    }
    fclose(file);
    if (!text_count)
        errx(2, "%s holds no text", option.texts);
}

static void read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"count", 1, 0, 'n'}, {"connections", 1, 0, 'c'}, {"rate", 1, 0, 'r'}, {"framing", 1, 0, 'f'},
        {"format", 1, 0, 'o'}, {"size", 1, 0, 's'}, {"pris", 1, 0, 'p'}, {"hosts", 1, 0, 'h'}, {"texts", 1, 0, 't'},
        {0, 0, 0, 0}};
    int letter;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (letter) {
        case 'n': option.count = strtoull(optarg, NULL, 10); break;
        case 'c': option.connections = atoi(optarg); break;
        case 'r': option.rate = atof(optarg); break;
        case 'f': option.octet_counting = !strcmp(optarg, "octet"); break;
        case 's': option.size = atoi(optarg); break;
        case 'h': option.hosts = atoi(optarg); break;
        case 't': option.texts = optarg; break;
        case 'o': option.format = !strcmp(optarg, "rfc5424") ? RFC5424 : !strcmp(optarg, "windows") ? WINDOWS : BSD; break;
        case 'p':
            option.pri_count = 0;
            for (char *word = strtok(optarg, ","); word && option.pri_count < 64; word = strtok(NULL, ","))
                option.pris[option.pri_count++] = atoi(word);
            break;
        default: exit(2);
        }
    }
    if (optind + 2 != argc || option.connections < 1 || option.connections > 9999 || option.size < 100 || option.size > 800 || option.hosts < 0 || option.hosts > 100000 || !option.pri_count)
        errx(2, "usage: load tcp|udp|idle PORT [options], see the head of load.c");
    if (option.texts && option.format != BSD)
        errx(2, "--texts are of BSD lines");
    option.port = atoi(argv[optind + 1]);
}

static int hold_idle(void)
{
    char byte;
    connect_all(SOCK_STREAM);
    printf("{\"connections\": %d}\n", option.connections);
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    untaken = option.count;
    if (option.texts)
        read_texts();
    const char *mode = argv[optind];
    if (!strcmp(mode, "idle"))
        return hold_idle();
    int datagrams = !strcmp(mode, "udp");
    struct connection *all = connect_all(datagrams ? SOCK_DGRAM : SOCK_STREAM);
    prepare_blocks(all, datagrams);
    prctl(PR_SET_TIMERSLACK, 1000);
    double started = now(CLOCK_REALTIME), start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t bytes = datagrams ? send_datagrams(all, start) : send_streams(all, start);
    printf("{\"lines\": %lu, \"bytes\": %lu, \"seconds\": %.6f, \"cpu\": %.6f, \"started\": %.6f}\n", option.count, bytes,
           now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu, started);
    return 0;
}
