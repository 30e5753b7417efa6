#include "watch.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

enum { KEYS = 4096, POWERS = 64, KEY_BYTES = 64 };

struct key {
    void *handle;
    size_t length;
    unsigned char bytes[KEY_BYTES];
};

struct power {
    gcry_mpi_t base, exponent, result;
};

static struct key keys[KEYS]; /* a ring: only live handles are ever asked for */
static struct power powers[POWERS];
static size_t next_key, next_power;

static void *behind(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        die("libgcrypt lacks a function");
    }
    return function;
}

static void note_key(void *handle, const void *bytes, size_t length)
{
    if (length > KEY_BYTES) {
        return;
    }
    struct key *key = &keys[next_key++ % KEYS];
    key->handle = handle;
    key->length = length;
    memcpy(key->bytes, bytes, length);
}

gcry_error_t gcry_cipher_setkey(gcry_cipher_hd_t handle, const void *key, size_t length)
{
    static gcry_error_t (*real)(gcry_cipher_hd_t, const void *, size_t);
    real = real ? real : behind("gcry_cipher_setkey");
    note_key(handle, key, length);
    return real(handle, key, length);
}

gcry_error_t gcry_md_setkey(gcry_md_hd_t handle, const void *key, size_t length)
{
    static gcry_error_t (*real)(gcry_md_hd_t, const void *, size_t);
    real = real ? real : behind("gcry_md_setkey");
    note_key(handle, key, length);
    return real(handle, key, length);
}

void gcry_mpi_powm(gcry_mpi_t result, const gcry_mpi_t base, const gcry_mpi_t exponent, const gcry_mpi_t modulus)
{
    static void (*real)(gcry_mpi_t, const gcry_mpi_t, const gcry_mpi_t, const gcry_mpi_t);
    real = real ? real : behind("gcry_mpi_powm");
    real(result, base, exponent, modulus);
    struct power *power = &powers[next_power++ % POWERS];
    gcry_mpi_release(power->base);
    gcry_mpi_release(power->exponent);
    gcry_mpi_release(power->result);
    power->base = gcry_mpi_copy(base);
    power->exponent = gcry_mpi_copy(exponent);
    power->result = gcry_mpi_copy(result);
}

static json_t *find_key(void *handle)
{
    for (size_t back = 1; back <= KEYS && back <= next_key; back++) {
        struct key *key = &keys[(next_key - back) % KEYS];
        if (key->handle == handle) {
            return hex(key->bytes, key->length);
        }
    }
    die("no key was set on this handle");
}

json_t *watch_cipher_key(gcry_cipher_hd_t handle)
{
    return find_key(handle);
}

json_t *watch_mac_key(gcry_md_hd_t handle)
{
    return find_key(handle);
}

json_t *watch_power(gcry_mpi_t base, gcry_mpi_t exponent)
{
    for (size_t back = 1; back <= POWERS && back <= next_power; back++) {
        struct power *power = &powers[(next_power - back) % POWERS];
        if (!gcry_mpi_cmp(power->base, base) && !gcry_mpi_cmp(power->exponent, exponent)) {
            return hex_mpi(power->result);
        }
    }
    die("this power was not computed lately");
}
