/* Secrets that libotr keeps nowhere, caught as it hands them to libgcrypt.
 *
 * watch.c defines gcry_cipher_setkey, gcry_md_setkey and gcry_mpi_powm in front of libgcrypt's and passes every call
 * on, so what is recorded is what libotr really used. */
#ifndef PEER_WATCH_H
#define PEER_WATCH_H

#include <gcrypt.h>
#include <jansson.h>

/* Hex of the key last set on a handle; stops the program if there was none. */
json_t *watch_cipher_key(gcry_cipher_hd_t handle);
json_t *watch_mac_key(gcry_md_hd_t handle);

/* Hex (big-endian, no leading zero bytes) of base^exponent as computed lately; stops the program if it was not. */
json_t *watch_power(gcry_mpi_t base, gcry_mpi_t exponent);

#endif
