/* Products of a panel in vectors of sixteen floats, for processors with AVX-512.
 *
 * C, because it can compile single functions for a higher level of the instruction set than the rest of the program;
 * Swift cannot. To be called only where the processor has AVX-512. */
#ifndef AUTOCHROME_CAVX512_SHIM_H
#define AUTOCHROME_CAVX512_SHIM_H

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE static inline __attribute__((target("avx512f")))
#define WIDE_INLINED static inline __attribute__((target("avx512f"), always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/* The next step of the chains: column k of `rows` rows, in blocks of four that are `size` apart, times up to two
 * vectors. */
WIDE_INLINED void avx512_step(__m512 sums[8][2], int rows, int vectors, const float *a, long size, const __m512 *b) {
    UNROLLED for (int row = 0; row < rows; row++) {
        __m512 factor = _mm512_set1_ps(a[row / 4 * size + row % 4]);
        UNROLLED for (int v = 0; v < vectors; v++)
            sums[row][v] = _mm512_fmadd_ps(factor, b[v], sums[row][v]);
    }
}

WIDE_INLINED void avx512_clear(__m512 sums[8][2]) {
    UNROLLED for (int i = 0; i < 16; i++) sums[i / 2][i % 2] = _mm512_setzero_ps();
}

WIDE_INLINED void avx512_store(__m512 sums[8][2], int rows, int vectors, float *c, long stride) {
    UNROLLED for (int row = 0; row < rows; row++)
        UNROLLED for (int v = 0; v < vectors; v++)
            _mm512_storeu_ps(c + row * stride + 16 * v, sums[row][v]);
}

WIDE_INLINED void avx512_panel(
    int rows, int vectors, long depth, const float *a, const float *b, float *c, long stride) {
    __m512 sums[8][2], columns[2];
    avx512_clear(sums);
    for (long k = 0; k < depth; k++) {
        UNROLLED for (int v = 0; v < vectors; v++) columns[v] = _mm512_loadu_ps(b + 16 * (k * vectors + v));
        avx512_step(sums, rows, vectors, a + 4 * k, 4 * depth, columns);
    }
    avx512_store(sums, rows, vectors, c, stride);
}

/* c[r, j] = sum over k of a[k, r] * b[k, j] for the four rows r of each block and 16 or 32 columns j.
 *
 * Two blocks at once where `b` does not stay in the first-level cache, as that halves the reading of it, and with 16
 * columns, where four chains would leave the multipliers waiting. */
WIDE void avx512_multiply(
    long blocks, long depth, long width, const float *a, const float *b, float *c, long stride) {
    if (width == 16 || depth > 256)
        for (; blocks >= 2; blocks -= 2, a += 8 * depth, c += 8 * stride) {
            if (width == 32) avx512_panel(8, 2, depth, a, b, c, stride);
            else avx512_panel(8, 1, depth, a, b, c, stride);
        }
    for (; blocks > 0; blocks--, a += 4 * depth, c += 4 * stride) {
        if (width == 32) avx512_panel(4, 2, depth, a, b, c, stride);
        else avx512_panel(4, 1, depth, a, b, c, stride);
    }
}

/* One block and 32 columns, with row k of b read in place: sixteen floats each from two pointers moved by offsets[k]. */
WIDE void avx512_convolve(
    long depth, const long *offsets, const float *a, const float *left, const float *right, float *c) {
    __m512 sums[8][2];
    avx512_clear(sums);
    for (long k = 0; k < depth; k++) {
        const __m512 columns[2] = {_mm512_loadu_ps(left + offsets[k]), _mm512_loadu_ps(right + offsets[k])};
        avx512_step(sums, 4, 2, a + 4 * k, 0, columns);
    }
    avx512_store(sums, 4, 2, c, 32);
}

#undef UNROLLED
#undef WIDE
#undef WIDE_INLINED
#endif
#endif
