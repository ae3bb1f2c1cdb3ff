/* libjpeg's encoder for Swift: its errors, which leave by longjmp, as results.
 *
 * Functions return 0 for success and -1 for failure; the reason is then in `jpeg_reason`. */
#ifndef AUTOCHROME_CJPEG_SHIM_H
#define AUTOCHROME_CJPEG_SHIM_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <jpeglib.h>

/* Writes all of the bytes; 0 for success. */
typedef int (*jpeg_write_fn)(void *user, const void *bytes, size_t count);

#define JPEG_BUFFER (1 << 16)

struct jpeg_state {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr target;
    jmp_buf escape;
    char reason[JMSG_LENGTH_MAX];
    jpeg_write_fn write;
    void *user;
    JOCTET buffer[JPEG_BUFFER];
};

static inline struct jpeg_state *jpeg_state_of(void *encoder) {
    return (struct jpeg_state *) ((char *) encoder - offsetof(struct jpeg_state, encoder));
}

static void jpeg_give_up(j_common_ptr info) {
    struct jpeg_state *state = jpeg_state_of(info);
    info->err->format_message(info, state->reason);
    longjmp(state->escape, 1);
}

static void jpeg_say_nothing(j_common_ptr info) { (void) info; }

static void jpeg_put(struct jpeg_state *state, size_t count) {
    if (count > 0 && state->write(state->user, state->buffer, count) != 0) {
        snprintf(state->reason, sizeof state->reason, "cannot write");
        longjmp(state->escape, 1);
    }
    state->target.next_output_byte = state->buffer;
    state->target.free_in_buffer = JPEG_BUFFER;
}

static void jpeg_begin(j_compress_ptr info) { jpeg_put(jpeg_state_of(info), 0); }

static boolean jpeg_flush(j_compress_ptr info) {
    jpeg_put(jpeg_state_of(info), JPEG_BUFFER);
    return TRUE;
}

static void jpeg_end(j_compress_ptr info) {
    struct jpeg_state *state = jpeg_state_of(info);
    jpeg_put(state, JPEG_BUFFER - state->target.free_in_buffer);
}

/* An encoder, to be freed; NULL without memory. */
static inline void *jpeg_new(jpeg_write_fn write, void *user) {
    struct jpeg_state *state = (struct jpeg_state *) calloc(1, sizeof *state);
    if (!state) return NULL;
    state->encoder.err = jpeg_std_error(&state->errors);
    state->errors.error_exit = jpeg_give_up;
    state->errors.output_message = jpeg_say_nothing;
    state->write = write;
    state->user = user;
    return state;
}

/* Begins a picture of 8-bit RGB: pixels alone, no header, profile or metadata. Huffman tables are not optimised: that
 * would keep the whole picture in memory. `halved` chroma has half as many columns and rows. */
static inline int jpeg_start(void *handle, int width, int height, int quality, int halved) {
    struct jpeg_state *state = (struct jpeg_state *) handle;
    j_compress_ptr info = &state->encoder;
    if (setjmp(state->escape)) return -1;
    jpeg_create_compress(info);
    state->target.init_destination = jpeg_begin;
    state->target.empty_output_buffer = jpeg_flush;
    state->target.term_destination = jpeg_end;
    info->dest = &state->target;
    info->image_width = (JDIMENSION) width;
    info->image_height = (JDIMENSION) height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->write_JFIF_header = FALSE;
    info->write_Adobe_marker = FALSE;
    info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = halved ? 2 : 1;
    jpeg_start_compress(info, TRUE);
    return 0;
}

/* The next rows, which lie one after the other. */
static inline int jpeg_rows(void *handle, const unsigned char *rows, int count) {
    struct jpeg_state *state = (struct jpeg_state *) handle;
    if (setjmp(state->escape)) return -1;
    for (int i = 0; i < count; i++) {
        JSAMPROW row = (JSAMPROW) (rows + (size_t) i * state->encoder.image_width * 3);
        jpeg_write_scanlines(&state->encoder, &row, 1);
    }
    return 0;
}

static inline int jpeg_finish(void *handle) {
    struct jpeg_state *state = (struct jpeg_state *) handle;
    if (setjmp(state->escape)) return -1;
    jpeg_finish_compress(&state->encoder);
    return 0;
}

static inline const char *jpeg_reason(void *handle) { return ((struct jpeg_state *) handle)->reason; }

static inline void jpeg_free(void *handle) {
    jpeg_destroy_compress(&((struct jpeg_state *) handle)->encoder);
    free(handle);
}

#endif
