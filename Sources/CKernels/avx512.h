/* Products of a panel and Winograd's transforms in vectors of sixteen floats, for processors with AVX-512.
 *
 * C, because it can compile single functions for a higher level of the instruction set than the rest of the program;
 * Swift cannot. To be called only where the processor has AVX-512. */
#ifndef AUTOCHROME_CKernels_SHIM_H
#define AUTOCHROME_CKernels_SHIM_H

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

/* An activation, as Clamp has it. */
WIDE_INLINED __m512 avx512_bend(__m512 x, float slope, float limit) {
    const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    x = _mm512_mask_mul_ps(x, negative, x, _mm512_set1_ps(slope));
    const __mmask16 high = _mm512_cmp_ps_mask(x, _mm512_set1_ps(limit), _CMP_GT_OQ);
    return _mm512_mask_mov_ps(x, high, _mm512_set1_ps(limit));
}

WIDE_INLINED void avx512_convolve_rows(
    int rows, long depth, const long *offsets, const float *a, const float *left, const float *right,
    const float *bias, const float *addend, float slope, float limit, float *c, long stride) {
    __m512 sums[8][2];
    avx512_clear(sums);
    for (long k = 0; k < depth; k++) {
        const __m512 columns[2] = {_mm512_loadu_ps(left + offsets[k]), _mm512_loadu_ps(right + offsets[k])};
        avx512_step(sums, rows, 2, a + 4 * k, 0, columns);
    }
    UNROLLED for (int row = 0; row < rows; row++)
        UNROLLED for (int v = 0; v < 2; v++) {
            const long place = row * stride + 16 * v;
            __m512 x = _mm512_add_ps(sums[row][v], _mm512_set1_ps(bias[row]));
            if (addend) x = _mm512_add_ps(x, _mm512_loadu_ps(addend + place));
            _mm512_storeu_ps(c + place, avx512_bend(x, slope, limit));
        }
}

/* Up to four rows of a block and 32 columns, with row k of b read in place: sixteen floats each from two pointers moved
 * by offsets[k]. Each row gets its bias, the addend, if there is any, and the activation; rows of it and of `c` are
 * `stride` apart. */
WIDE void avx512_convolve(
    int rows, long depth, const long *offsets, const float *a, const float *left, const float *right,
    const float *bias, const float *addend, float slope, float limit, float *c, long stride) {
    switch (rows) {
    case 1: return avx512_convolve_rows(1, depth, offsets, a, left, right, bias, addend, slope, limit, c, stride);
    case 2: return avx512_convolve_rows(2, depth, offsets, a, left, right, bias, addend, slope, limit, c, stride);
    case 3: return avx512_convolve_rows(3, depth, offsets, a, left, right, bias, addend, slope, limit, c, stride);
    default: return avx512_convolve_rows(4, depth, offsets, a, left, right, bias, addend, slope, limit, c, stride);
    }
}

/* The four quarters of four vectors, each transposed as a matrix of 4 x 4. */
WIDE_INLINED void avx512_transpose(__m512 v[4]) {
    const __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(v[0], v[1]));
    const __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(v[2], v[3]));
    const __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(v[0], v[1]));
    const __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(v[2], v[3]));
    v[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23));
    v[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23));
    v[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23));
    v[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23));
}

/* The quarters of four vectors as a matrix of 4 x 4, transposed. */
WIDE_INLINED void avx512_transpose_quarters(__m512 v[4]) {
    const __m512 low01 = _mm512_shuffle_f32x4(v[0], v[1], 0x44), high01 = _mm512_shuffle_f32x4(v[0], v[1], 0xEE);
    const __m512 low23 = _mm512_shuffle_f32x4(v[2], v[3], 0x44), high23 = _mm512_shuffle_f32x4(v[2], v[3], 0xEE);
    v[0] = _mm512_shuffle_f32x4(low01, low23, 0x88);
    v[1] = _mm512_shuffle_f32x4(low01, low23, 0xDD);
    v[2] = _mm512_shuffle_f32x4(high01, high23, 0x88);
    v[3] = _mm512_shuffle_f32x4(high01, high23, 0xDD);
}

/* Four floats of each of sixteen tiles, as four vectors with one tile in each lane. If `adjacent`, each four tiles lie
 * side by side. */
WIDE_INLINED void avx512_gather(const float *plane, const long *offsets, int adjacent, __m512 v[4]) {
    if (adjacent) {
        UNROLLED for (int i = 0; i < 4; i++) v[i] = _mm512_loadu_ps(plane + offsets[4 * i]);
        avx512_transpose_quarters(v);
    } else
        UNROLLED for (int i = 0; i < 4; i++) {
            __m512 quads = _mm512_castps128_ps512(_mm_loadu_ps(plane + offsets[i]));
            quads = _mm512_insertf32x4(quads, _mm_loadu_ps(plane + offsets[i + 4]), 1);
            quads = _mm512_insertf32x4(quads, _mm_loadu_ps(plane + offsets[i + 8]), 2);
            v[i] = _mm512_insertf32x4(quads, _mm_loadu_ps(plane + offsets[i + 12]), 3);
        }
    avx512_transpose(v);
}

/* Writes what `avx512_gather` reads. */
WIDE_INLINED void avx512_scatter(float *plane, const long *offsets, int adjacent, __m512 v[4]) {
    avx512_transpose(v);
    if (adjacent) {
        avx512_transpose_quarters(v);
        UNROLLED for (int i = 0; i < 4; i++) _mm512_storeu_ps(plane + offsets[4 * i], v[i]);
    } else
        UNROLLED for (int i = 0; i < 4; i++) {
            _mm_storeu_ps(plane + offsets[i], _mm512_castps512_ps128(v[i]));
            _mm_storeu_ps(plane + offsets[i + 4], _mm512_extractf32x4_ps(v[i], 1));
            _mm_storeu_ps(plane + offsets[i + 8], _mm512_extractf32x4_ps(v[i], 2));
            _mm_storeu_ps(plane + offsets[i + 12], _mm512_extractf32x4_ps(v[i], 3));
        }
}

/* WinogradAdjacent.input for sixteen tiles. */
WIDE_INLINED void avx512_adjacent_input(const __m512 d[6], __m512 out[6]) {
    const __m512 four = _mm512_set1_ps(4), less4 = _mm512_set1_ps(-4), less5 = _mm512_set1_ps(-5);
    const __m512 evenBy4 = _mm512_fmadd_ps(d[2], less4, d[4]), oddBy4 = _mm512_fmadd_ps(d[1], less4, d[3]);
    const __m512 even = _mm512_sub_ps(d[4], d[2]);
    const __m512 odd = _mm512_mul_ps(_mm512_sub_ps(d[3], d[1]), _mm512_set1_ps(2));
    out[0] = _mm512_fmadd_ps(d[0], four, _mm512_fmadd_ps(d[2], less5, d[4]));
    out[1] = _mm512_add_ps(evenBy4, oddBy4);
    out[2] = _mm512_sub_ps(evenBy4, oddBy4);
    out[3] = _mm512_add_ps(even, odd);
    out[4] = _mm512_sub_ps(even, odd);
    out[5] = _mm512_fmadd_ps(d[1], four, _mm512_fmadd_ps(d[3], less5, d[5]));
}

/* WinogradAdjacent.output for sixteen tiles. */
WIDE_INLINED void avx512_adjacent_output(const __m512 m[6], __m512 y[4]) {
    const __m512 sum12 = _mm512_add_ps(m[1], m[2]), difference12 = _mm512_sub_ps(m[1], m[2]);
    const __m512 sum34 = _mm512_add_ps(m[3], m[4]), difference34 = _mm512_sub_ps(m[3], m[4]);
    y[0] = _mm512_add_ps(_mm512_add_ps(m[0], sum12), sum34);
    y[1] = _mm512_fmadd_ps(difference34, _mm512_set1_ps(2), difference12);
    y[2] = _mm512_fmadd_ps(sum34, _mm512_set1_ps(4), sum12);
    y[3] = _mm512_add_ps(_mm512_fmadd_ps(difference34, _mm512_set1_ps(8), difference12), m[5]);
}

/* The transformed input of sixteen tiles of 6 x 6, for channels one after the other: planes are `planeSize` apart, what
 * is written for the next channel `width`, and a tile's 36 elements `distance`. */
WIDE void avx512_winograd_input(
    long channels, const float *plane, long planeSize, const long *offsets, int adjacent, long pitch, float *target,
    long width, long distance) {
    for (; channels > 0; channels--, plane += planeSize, target += width) {
        __m512 rows[6][6];
        for (int row = 0; row < 6; row++) {
            __m512 d[6], rest[4];
            avx512_gather(plane + row * pitch, offsets, adjacent, d);
            avx512_gather(plane + row * pitch + 2, offsets, adjacent, rest);
            d[4] = rest[2];
            d[5] = rest[3];
            avx512_adjacent_input(d, rows[row]);
        }
        for (int column = 0; column < 6; column++) {
            __m512 d[6], out[6];
            UNROLLED for (int row = 0; row < 6; row++) d[row] = rows[row][column];
            avx512_adjacent_input(d, out);
            UNROLLED for (int row = 0; row < 6; row++)
                _mm512_storeu_ps(target + (6 * row + column) * distance, out[row]);
        }
    }
}

/* Sixteen tiles of 4 x 4 from their 36 products, which are `distance` apart, with bias, an addend, if there is any, and
 * activation. A tile's rows are written `pitch` apart from its place on, and the addend is read in the same way. */
WIDE void avx512_winograd_output(
    const float *products, long distance, float bias, const float *addend, const long *addendPlaces, float slope,
    float limit, float *output, const long *places, int adjacent, long pitch) {
    __m512 rows[4][6];
    for (int column = 0; column < 6; column++) {
        __m512 m[6], y[4];
        UNROLLED for (int row = 0; row < 6; row++) m[row] = _mm512_loadu_ps(products + (6 * row + column) * distance);
        avx512_adjacent_output(m, y);
        UNROLLED for (int row = 0; row < 4; row++) rows[row][column] = y[row];
    }
    for (int row = 0; row < 4; row++) {
        __m512 y[4], more[4];
        avx512_adjacent_output(rows[row], y);
        UNROLLED for (int i = 0; i < 4; i++) y[i] = _mm512_add_ps(y[i], _mm512_set1_ps(bias));
        if (addend) {
            avx512_gather(addend + row * pitch, addendPlaces, 0, more);
            UNROLLED for (int i = 0; i < 4; i++) y[i] = _mm512_add_ps(y[i], more[i]);
        }
        UNROLLED for (int i = 0; i < 4; i++) y[i] = avx512_bend(y[i], slope, limit);
        avx512_scatter(output + row * pitch, places, adjacent, y);
    }
}

#undef UNROLLED
#undef WIDE
#undef WIDE_INLINED
#endif
#endif
