/* What the rest of the program needs of a processor.
 *
 * Arithmetic is compiled for x86-64-v3, and anything in those modules may begin with an instruction that an older processor
 * ends the process for. So may any generic Swift function, as the linker keeps one module's copy for all. So this is C, which
 * the module `autochrome` compiles for any processor, up to the message. */
#ifndef AUTOCHROME_CProcessor_PROCESSOR_H
#define AUTOCHROME_CProcessor_PROCESSOR_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Whether the system keeps vectors of 256 bits when it switches threads. */
static inline int processor_keeps_vectors(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}
#endif

/* The first extension of x86-64-v3 that the processor lacks; NULL where it has them all, and on other architectures. */
static inline const char *processor_lacks(void) {
#if defined(__x86_64__)
    unsigned a, b, basic, d, c, extended = 0, more = 0;
    __cpuid(1, a, b, basic, d);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) extended = b;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) more = c;
    if (!(basic & bit_OSXSAVE) || !(basic & bit_AVX) || !processor_keeps_vectors()) return "AVX";
    if (!(extended & bit_AVX2)) return "AVX2";
    if (!(basic & bit_FMA)) return "FMA";
    if (!(extended & bit_BMI)) return "BMI1";
    if (!(extended & bit_BMI2)) return "BMI2";
    if (!(basic & bit_F16C)) return "F16C";
    if (!(basic & bit_MOVBE)) return "MOVBE";
    if (!(more & bit_LZCNT)) return "LZCNT";
#endif
    return NULL;
}

/* Holds the allocator to two arenas, unless the environment says something else: each keeps what its threads have freed,
 * and every thread would get one of its own. */
static inline void allocator_limit_arenas(void) {
    if (!getenv("MALLOC_ARENA_MAX")) mallopt(M_ARENA_MAX, 2);
}

/* Ends the program with a sentence and code 2 where the processor is too old for it. */
static inline void processor_require(void) {
    const char *missing = processor_lacks();
    if (!missing) return;
    fprintf(stderr, "autochrome: this processor has no %s; one with AVX2 and FMA is needed\n", missing);
    exit(2);
}

#endif
