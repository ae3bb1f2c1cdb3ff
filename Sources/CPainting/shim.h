/* The arithmetic of painting, a few hundred pixels of a row at a time.
 *
 * C, because clang makes vectors of whole loops that Swift's types of vectors break up lane by lane. Every operation is one
 * that IEEE 754 defines exactly, so that the bits are the same on every machine. */
#ifndef AUTOCHROME_CPAINTING_SHIM_H
#define AUTOCHROME_CPAINTING_SHIM_H

#include <math.h>
#include <stdint.h>

/* Pixels that are painted at a time: what is known of them stays in the first-level cache. */
#define PAINT_CHUNK 256
/* Pixels that are looked at together for colours that sRGB does not have. */
#define PAINT_GROUP 64
/* Steps of linear light in the table of 8-bit samples. */
#define PAINT_STEPS 16384

/* What is known of some pixels: room for PAINT_CHUNK of each. */
typedef struct {
    /* L/100, and (L + 16) / 116. */
    float *light, *y;
    /* Chroma that the field asks for, and its length, in Lab units. */
    float *a, *b, *length;
    /* Linear light; beyond 0...1 where sRGB has no such colour. */
    float *red, *green, *blue;
    /* How far the worst of the three is beyond 0...1. */
    float *excess;
    /* The pixels where that is more than a tolerance. */
    uint16_t *outside;
    /* Places in the table of 8-bit samples; three times as many. */
    uint16_t *places;
} paint_chunk;

/* L/100 of `count` tones; the rest of the last group is gray. */
static inline void paint_lightness(const paint_chunk *chunk, long count, const uint16_t *tones, const float *lightness) {
    float *restrict light = chunk->light;
    _Pragma("clang loop vectorize(disable)") for (long i = 0; i < count; i++)
        light[i] = lightness[tones[i]] * 0.01f;
    for (long i = count; i % PAINT_GROUP != 0; i++) light[i] = 0.5f;
}

/* CIE's function from Lab's coordinates to those of XYZ. */
static inline float paint_expand(float f) {
    float cube = f * f * f, line = fmaf(f, 108.0f / 841, -4.0f / 29 * (108.0f / 841));
    return f > 6.0f / 29 ? cube : line;
}

/* One group of `paint_colors`: a function of its own, as clang believes `restrict` of parameters alone, and of constant
 * length, as it would mask every access of a last vector that may not be full. */
static __attribute__((noinline)) void paint_group(
    const float *restrict light, const float *restrict top, const float *restrict step, long stride,
    float fraction, float *restrict ys, float *restrict as, float *restrict bs, float *restrict lengths,
    float *restrict reds, float *restrict greens, float *restrict blues, float *restrict excesses) {
    _Pragma("clang loop vectorize(enable)") for (long i = 0; i < PAINT_GROUP; i++) {
        float slope_a = fmaf(step[i], fraction, top[i]);
        float offset_a = fmaf(step[i + stride], fraction, top[i + stride]);
        float slope_b = fmaf(step[i + 2 * stride], fraction, top[i + 2 * stride]);
        float offset_b = fmaf(step[i + 3 * stride], fraction, top[i + 3 * stride]);
        float a = fmaf(slope_a, light[i], offset_a), b = fmaf(slope_b, light[i], offset_b);
        float y = fmaf(light[i], 100.0f / 116, 16.0f / 116);
        float x = paint_expand(fmaf(a, 1.0f / 500, y)), z = paint_expand(fmaf(b, -1.0f / 200, y));
        float luminance = paint_expand(y);
        /* Rows of the matrix from XYZ, multiplied by the white point. */
        float red = fmaf(x, 3.079955108f, fmaf(z, -0.542816104f, luminance * -1.537138850f));
        float green = fmaf(x, -0.921258626f, fmaf(z, 0.045247509f, luminance * 1.876010929f));
        float blue = fmaf(x, 0.052887401f, fmaf(z, 1.151138474f, luminance * -0.204025854f));
        float least = red < green ? red : green, most = red > green ? red : green;
        least = least < blue ? least : blue;
        most = most > blue ? most : blue;
        ys[i] = y;
        as[i] = a;
        bs[i] = b;
        lengths[i] = sqrtf(fmaf(a, a, b * b));
        reds[i] = red;
        greens[i] = green;
        blues[i] = blue;
        excesses[i] = most - 1 > -least ? most - 1 : -least;
    }
}

/* Linear light of whole groups of pixels: chroma is slope times lightness plus offset, each of which lies at `fraction`
 * of the way from `top` on to `top + step`; slope and offset of a, then of b, `stride` apart. */
static inline void paint_colors(
    const paint_chunk *chunk, long count, const float *top, const float *step, long stride, float fraction) {
    for (long i = 0; i < count; i += PAINT_GROUP)
        paint_group(chunk->light + i, top + i, step + i, stride, fraction, chunk->y + i, chunk->a + i, chunk->b + i,
            chunk->length + i, chunk->red + i, chunk->green + i, chunk->blue + i, chunk->excess + i);
}

/* Lists the pixels whose colour is further outside of sRGB than the tolerance; returns how many there are. */
static inline long paint_outside(const paint_chunk *chunk, long count, float tolerance) {
    long found = 0;
    for (long start = 0; start < count; start += PAINT_GROUP) {
        int any = 0;
        for (long i = 0; i < PAINT_GROUP; i++) any |= chunk->excess[start + i] > tolerance;
        if (!any) continue;
        long end = start + PAINT_GROUP < count ? start + PAINT_GROUP : count;
        for (long i = start; i < end; i++) {
            chunk->outside[found] = (uint16_t) i;
            found += chunk->excess[i] > tolerance;
        }
    }
    return found;
}

/* Places in the table of samples, for all pixels of a chunk. */
static __attribute__((noinline)) void paint_places(const float *restrict linear, uint16_t *restrict places) {
    for (long i = 0; i < PAINT_CHUNK; i++) places[i] = (uint16_t) (int32_t) fmaf(linear[i], PAINT_STEPS - 1, 0.5f);
}

/* Three samples for each pixel of `bands`. */
static inline __attribute__((always_inline)) void paint_samples(
    const uint16_t *restrict places, long count, const uint8_t *restrict table, uint8_t *restrict output, long bands) {
    for (long i = 0; i < count; i++) {
        output[bands * i] = table[places[i]];
        output[bands * i + 1] = table[places[i + PAINT_CHUNK]];
        output[bands * i + 2] = table[places[i + 2 * PAINT_CHUNK]];
    }
}

/* 8-bit samples of linear light in 0...1, by a table of PAINT_STEPS steps; `bands`, 3 or 4, make a pixel. */
static inline void paint_bytes(
    const paint_chunk *chunk, long count, const uint8_t *table, uint8_t *output, long bands) {
    paint_places(chunk->red, chunk->places);
    paint_places(chunk->green, chunk->places + PAINT_CHUNK);
    paint_places(chunk->blue, chunk->places + 2 * PAINT_CHUNK);
    /* A constant makes the loop a quicker one. */
    if (bands == 3) paint_samples(chunk->places, count, table, output, 3);
    else paint_samples(chunk->places, count, table, output, bands);
}

#endif
