/* libvips for Swift: its functions with variable arguments and its macros, under fixed signatures.
 *
 * Every function returns 0 for success and -1 for failure unless it says otherwise; the reason is then in
 * libvips' error buffer. Images that come out are owned by the caller.
 */
#ifndef AUTOCHROME_CVIPS_SHIM_H
#define AUTOCHROME_CVIPS_SHIM_H

#include <vips/vips.h>

typedef gint64 (*av_transfer_fn)(void *connection, void *data, gint64 length, void *user);
typedef gint64 (*av_seek_fn)(void *connection, gint64 offset, int whence, void *user);
typedef int (*av_end_fn)(void *connection, void *user);
typedef int (*av_generate_fn)(VipsRegion *region, void *sequence, void *image, void *user, gboolean *stop);

/* Start-up ------------------------------------------------------------------------------------------------ */

typedef void (*av_log_fn)(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer user);

/* Starts libvips. Its warnings go to `log`, and nowhere else. */
static inline int av_init(av_log_fn log) {
    g_log_set_handler("VIPS", (GLogLevelFlags) (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO), log, NULL);
    return VIPS_INIT("autochrome");
}

/* Connections --------------------------------------------------------------------------------------------- */

/* A source that calls back for every read and seek, or NULL. */
static inline VipsSource *av_source_new(av_transfer_fn read, av_seek_fn seek, void *user) {
    VipsSourceCustom *source = vips_source_custom_new();
    if (!source)
        return NULL;
    g_signal_connect(source, "read", G_CALLBACK(read), user);
    g_signal_connect(source, "seek", G_CALLBACK(seek), user);
    return VIPS_SOURCE(source);
}

/* A target that calls back for every write and at its end, or NULL. */
static inline VipsTarget *av_target_new(av_transfer_fn write, av_end_fn end, void *user) {
    VipsTargetCustom *target = vips_target_custom_new();
    if (!target)
        return NULL;
    g_signal_connect(target, "write", G_CALLBACK(write), user);
    g_signal_connect(target, "end", G_CALLBACK(end), user);
    return VIPS_TARGET(target);
}

static inline void av_unref(void *object) { g_object_unref(object); }

/* Images -------------------------------------------------------------------------------------------------- */

/* Reads the header; pixels are decoded from top to bottom as they are asked for. NULL on failure. */
static inline VipsImage *av_open(VipsSource *source) {
    return vips_image_new_from_source(
        source, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
}

/* An image whose pixels `generate` makes, strip by strip. NULL on failure. */
static inline VipsImage *av_generated(int width, int height, int bands, VipsBandFormat format,
    VipsInterpretation interpretation, double pixelsPerMillimetre, av_generate_fn generate, void *user) {
    VipsImage *image = vips_image_new();
    vips_image_init_fields(image, width, height, bands, format, VIPS_CODING_NONE, interpretation,
        pixelsPerMillimetre, pixelsPerMillimetre);
    if (vips_image_pipelinev(image, VIPS_DEMAND_STYLE_FATSTRIP, NULL) ||
        vips_image_generate(image, NULL, (VipsGenerateFn) generate, NULL, NULL, user)) {
        g_object_unref(image);
        return NULL;
    }
    return image;
}

static inline const void *av_region_row(VipsRegion *region, int x, int y) {
    return VIPS_REGION_ADDR(region, x, y);
}

static inline int av_extract_bands(VipsImage *in, VipsImage **out, int first, int count) {
    return vips_extract_band(in, out, first, "n", count, NULL);
}

static inline int av_join_bands(VipsImage *a, VipsImage *b, VipsImage **out) {
    return vips_bandjoin2(a, b, out, NULL);
}

/* To sRGB by the embedded profile, or by the built-in one named `fallback`, at `depth` bits. */
static inline int av_to_srgb(VipsImage *in, VipsImage **out, const char *fallback, int depth) {
    return vips_icc_transform(in, out, "srgb", "embedded", TRUE, "input_profile", fallback, "depth", depth,
        "intent", VIPS_INTENT_RELATIVE, "black_point_compensation", TRUE, NULL);
}

/* Bytes of a profile that libvips carries ("srgb", "cmyk"); the blob is the caller's. */
static inline int av_profile(const char *name, VipsBlob **profile) {
    return vips_profile_load(name, profile, NULL);
}

static inline void av_blob_unref(VipsBlob *blob) { vips_area_unref(VIPS_AREA(blob)); }

/* Encoders ------------------------------------------------------------------------------------------------ */

/* Pixels alone: no header, profile or metadata. Huffman tables are not optimised: that would keep the whole picture in
 * memory. */
static inline int av_save_jpeg(VipsImage *image, VipsTarget *target, int quality) {
    return vips_jpegsave_target(image, target, "Q", quality, "strip", TRUE, NULL);
}

/* The same into memory, which is freed with g_free. */
static inline int av_save_jpeg_memory(VipsImage *image, void **bytes, size_t *count, int quality) {
    return vips_jpegsave_buffer(image, bytes, count, "Q", quality, "strip", TRUE, NULL);
}

/* Pixels alone, as above. Level 1 makes photographs a tenth larger than 3 does, in half of the time. */
static inline int av_save_png(VipsImage *image, VipsTarget *target, int bitDepth) {
    return vips_pngsave_target(
        image, target, "compression", 1, "filter", VIPS_FOREIGN_PNG_FILTER_UP, "bitdepth", bitDepth, "strip",
        TRUE, NULL);
}

/* More effort makes photographs at high qualities no smaller. */
static inline int av_save_webp(VipsImage *image, VipsTarget *target, int quality) {
    return vips_webpsave_target(image, target, "Q", quality, "effort", 0, NULL);
}

/* JPEG tiles in a new folder, by the requests of IIIF's Image API 3. */
static inline int av_save_tiles(VipsImage *image, const char *folder, int side) {
    return vips_dzsave(image, folder, "layout", VIPS_FOREIGN_DZ_LAYOUT_IIIF3, "suffix", ".jpg[Q=90]", "tile_size", side,
        "strip", TRUE, NULL);
}

#endif
