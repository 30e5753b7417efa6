/*
 * Runs what src/lib.rs has of operations on secrets, one after the other, and marks memory for it. To be run under
 * memcheck: a report is a secret that decides what is executed or which address is used. With the argument `leak` it
 * does so on purpose.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

struct marks {
    void (*fill)(unsigned char *bytes, size_t length);
    void (*hide)(const unsigned char *bytes, size_t length);
    void (*publish)(const unsigned char *bytes, size_t length);
};

extern unsigned int run(unsigned int number, struct marks marks);
extern void leak(struct marks marks);

static void hide(const unsigned char *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, length);
}

static void publish(const unsigned char *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_DEFINED(bytes, length);
}

static void fill(unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (unsigned char)rand();
    }
    hide(bytes, length);
}

int main(int argc, char **argv)
{
    static const struct marks marks = {fill, hide, publish};
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "marks: only memcheck sees what this marks\n");
        return 2;
    }
    if (argc == 2 && !strcmp(argv[1], "leak")) {
        leak(marks);
        return 0;
    }
    unsigned int number = 1;
    while (run(number, marks)) {
        number++;
    }
    printf("%u operations on secrets\n", number - 1);
    return 0;
}
