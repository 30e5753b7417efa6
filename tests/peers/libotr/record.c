/* libotr-record: writes test vectors, with all secrets, from two libotr user states in one process. */
#include <stdio.h>

#include "scene.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: libotr-record DIRECTORY\n");
        return 2;
    }
    gcry_control(GCRYCTL_ENABLE_QUICK_RANDOM, 0); /* every secret is published anyway */
    gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
    gcry_control(GCRYCTL_AUTO_EXPAND_SECMEM, 1 << 16);
    if (otrl_init(OTRL_VERSION_MAJOR, OTRL_VERSION_MINOR, OTRL_VERSION_SUB)) {
        return 1;
    }
    struct person alice, bob;
    scene_open(&alice, &bob);
    record_ake(argv[1], &alice, &bob);
    record_data(argv[1], &alice, &bob);
    record_fragments(argv[1], &alice, &bob);
    record_keys(argv[1], &alice, &bob);
    record_text(argv[1], &alice, &bob);
    return 0;
}
