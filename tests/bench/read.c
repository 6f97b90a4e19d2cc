/* read FILE THREADS: gigabytes per second of reading a mapped file from the page cache, median of 15 passes; every thread reads
   its part from beginning to end and asks for what comes a page later. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum { PASSES = 15, AHEAD = 4096, LINE = 64, WORDS = 16 };
typedef uint32_t line_t __attribute__((vector_size(LINE)));
struct part { const char *from; size_t bytes; line_t sum; };

static void *read_part(void *of) {
    struct part *p = of;
    line_t a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i + 4 * LINE <= p->bytes; i += 4 * LINE) {
        const char *at = p->from + i;
        for (int k = 0; k < 4; k++) __builtin_prefetch(at + AHEAD + k * LINE);
        a += *(const line_t *)at;
        b += *(const line_t *)(at + LINE);
        c += *(const line_t *)(at + 2 * LINE);
        d += *(const line_t *)(at + 3 * LINE);
    }
    p->sum = a + b + c + d;
    return NULL;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

int main(int count, char **arguments) {
    struct stat s;
    int threads = count == 3 ? atoi(arguments[2]) : 0;
    if (threads < 1) return fprintf(stderr, "usage: read FILE THREADS\n"), 64;
    int file = open(arguments[1], O_RDONLY);
    if (file < 0 || fstat(file, &s) != 0) return perror(arguments[1]), 66;
    char *map = mmap(NULL, s.st_size, PROT_READ, MAP_SHARED, file, 0);
    struct part *parts = aligned_alloc(LINE, threads * sizeof *parts);
    pthread_t *others = malloc(threads * sizeof *others);
    if (map == MAP_FAILED || !parts || !others) return perror(arguments[1]), 74;
    size_t each = s.st_size / threads / AHEAD * AHEAD;
    double rates[PASSES];
    uint32_t sum = 0;
    for (int pass = 0; pass < PASSES; pass++) {
        double begin = now();
        for (int i = 0; i < threads; i++) {
            parts[i] = (struct part){map + i * each, each, {0}};
            if (i > 0 && pthread_create(&others[i], NULL, read_part, &parts[i])) return perror("thread"), 71;
        }
        read_part(&parts[0]);
        for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
        rates[pass] = 1e-9 * each * threads / (now() - begin);
        for (int i = 0; i < threads; i++) for (int k = 0; k < WORDS; k++) sum += parts[i].sum[k];
    }
    qsort(rates, PASSES, sizeof *rates, ascending);
    printf("%.1f %u\n", rates[PASSES / 2], sum); /* The sum keeps the compiler from leaving out what it comes from. */
    return 0;
}
