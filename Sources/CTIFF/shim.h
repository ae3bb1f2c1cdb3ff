/* libtiff's encoder for Swift: fields, which are variable arguments, under fixed signatures.
 *
 * Functions return 0 for success and -1 for failure; the reason is then in the state. */
#ifndef AUTOCHROME_CTIFF_SHIM_H
#define AUTOCHROME_CTIFF_SHIM_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tiffio.h>

/* An open file. */
typedef struct {
    TIFF *tiff;
    int descriptor;
    /* The errno of the first call that failed, or 0. */
    int code;
    char reason[256];
} tiff_state;

/* What a picture is. */
typedef struct {
    int width, height, bands, depth;
    float pixels_per_inch;
    /* Strips of a multiple of 8 rows: a decoder needs memory for one. */
    int strip_rows;
    /* From 1, fast, to 9, small. */
    int level;
    const void *profile;
    unsigned profile_bytes;
} tiff_picture;

static inline tmsize_t tiff_noted(tiff_state *state, ssize_t result) {
    if (result < 0 && state->code == 0) state->code = errno;
    return result;
}

static tmsize_t tiff_read(thandle_t user, void *bytes, tmsize_t count) {
    tiff_state *state = (tiff_state *) user;
    ssize_t done;
    do done = read(state->descriptor, bytes, (size_t) count);
    while (done < 0 && errno == EINTR);
    return tiff_noted(state, done);
}

static tmsize_t tiff_write(thandle_t user, void *bytes, tmsize_t count) {
    tiff_state *state = (tiff_state *) user;
    tmsize_t done = 0;
    while (done < count) {
        ssize_t part = write(state->descriptor, (char *) bytes + done, (size_t) (count - done));
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return tiff_noted(state, part);
        done += part;
    }
    return done;
}

static toff_t tiff_seek(thandle_t user, toff_t offset, int whence) {
    tiff_state *state = (tiff_state *) user;
    return (toff_t) tiff_noted(state, lseek(state->descriptor, (off_t) offset, whence));
}

static toff_t tiff_size(thandle_t user) {
    struct stat status;
    return fstat(((tiff_state *) user)->descriptor, &status) == 0 ? (toff_t) status.st_size : 0;
}

static int tiff_keep_open(thandle_t user) {
    (void) user;
    return 0;
}

static int tiff_note_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    tiff_state *state = (tiff_state *) user;
    (void) tiff;
    (void) module;
    if (state->reason[0] == 0) vsnprintf(state->reason, sizeof state->reason, format, arguments);
    return 1;
}

static int tiff_ignore(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void) tiff;
    (void) user;
    (void) module;
    (void) format;
    (void) arguments;
    return 1;
}

/* An open file, to be freed, on a descriptor for reading and writing; NULL without memory. */
static inline tiff_state *tiff_new(int descriptor) {
    tiff_state *state = (tiff_state *) calloc(1, sizeof *state);
    if (state) state->descriptor = descriptor;
    return state;
}

/* Begins an RGB picture, with opacity where there are four bands; `big` files may be longer than 4 GiB. */
static inline int tiff_start(tiff_state *state, const tiff_picture *picture, int big) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) {
        snprintf(state->reason, sizeof state->reason, "out of memory");
        return -1;
    }
    TIFFOpenOptionsSetErrorHandlerExtR(options, tiff_note_error, state);
    TIFFOpenOptionsSetWarningHandlerExtR(options, tiff_ignore, state);
    TIFF *tiff = state->tiff = TIFFClientOpenExt("picture", big ? "wl8" : "wl", state, tiff_read, tiff_write, tiff_seek,
        tiff_keep_open, tiff_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    if (!tiff) return -1;
    uint16_t opacity = EXTRASAMPLE_UNASSALPHA;
    int good = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t) picture->width) &&
        TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t) picture->height) &&
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, picture->depth) &&
        TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, picture->bands) &&
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB) &&
        TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
        TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
        TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) &&
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (uint32_t) picture->strip_rows) &&
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH) &&
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, picture->pixels_per_inch) &&
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, picture->pixels_per_inch) &&
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
        TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
        TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, picture->level) &&
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, picture->profile_bytes, picture->profile) &&
        (picture->bands < 4 || TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &opacity));
    return good ? 0 : -1;
}

/* The next strip, whose bytes may be changed. */
static inline int tiff_strip(tiff_state *state, int index, void *rows, long count) {
    return TIFFWriteEncodedStrip(state->tiff, (uint32_t) index, rows, count) < 0 ? -1 : 0;
}

/* Writes the directory. */
static inline int tiff_finish(tiff_state *state) { return TIFFWriteDirectory(state->tiff) ? 0 : -1; }

static inline void tiff_free(tiff_state *state) {
    if (state->tiff) TIFFClose(state->tiff);
    free(state);
}

#endif
