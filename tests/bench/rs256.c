/* The floor for signed access tokens: RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 bits, and nothing else. Prints
 * the signatures that a second of processor time makes.
 *
 * usage: rs256 COUNT
 * SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "bench.h"

int main(int argc, char** argv) {
  BENCH_NEED(argc == 2);
  int count = atoi(argv[1]);
  EVP_PKEY* key = EVP_RSA_gen(2048);
  unsigned char message[700], signature[256];
  BENCH_NEED(key);
  memset(message, 'x', sizeof message);
  const double began = bench_now_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < count; ++i) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    size_t size = sizeof signature;
    BENCH_NEED(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
    BENCH_NEED(EVP_DigestSign(context, signature, &size, message, sizeof message) == 1);
    EVP_MD_CTX_free(context);
  }
  printf("signatures_per_s %.1f\n", count * 1e9 / (bench_now_ns(CLOCK_PROCESS_CPUTIME_ID) - began));
  EVP_PKEY_free(key);
  return 0;
}
