/* Exiv2 for Swift: the EXIF, IPTC and XMP of a file in memory, under plain C signatures.
 *
 * No exception leaves it. Functions return 0 for success and -1 for failure unless they say otherwise; `ex_error` then
 * has the reason. Texts and data that come out belong to their record, and hold until its next call.
 */
#ifndef AUTOCHROME_CEXIV2_H
#define AUTOCHROME_CEXIV2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a file says about itself. */
typedef struct ex_record ex_record;

/* A field of EXIF; its data are little-endian. */
typedef struct {
    const char *group; /* "Image", "Photo", "GPSInfo", … */
    const char *key;   /* "Exif.Photo.FNumber" */
    uint16_t tag;
    uint32_t type; /* As in TIFF; above 255 one of Exiv2's own. */
    const uint8_t *data;
    size_t size;
} ex_field;

/* A data set of IPTC's IIM; its numbers are big-endian. */
typedef struct {
    uint16_t record;
    uint16_t dataset;
    const uint8_t *data;
    size_t size;
} ex_dataset;

typedef enum { EX_TEXT, EX_STRUCT, EX_SEQ, EX_BAG, EX_LANGUAGES } ex_kind;

/* Starts Exiv2 once; it is used by one thread. */
int ex_start(void);

/* An empty record, or NULL. */
ex_record *ex_new(void);
void ex_free(ex_record *record);
const char *ex_error(const ex_record *record);

/* Reads all of a file's metadata; the file must stay in memory during the call only. */
int ex_read(ex_record *record, const uint8_t *file, size_t size);
/* Whether a file holds a manifest of C2PA, whose signature a changed copy breaks. */
int ex_holds_c2pa(const uint8_t *file, size_t size);
/* Whether the file has an XMP packet that could not be read. */
int ex_has_broken_xmp(const ex_record *record);
/* What the last read found wrong first, or an empty text. */
const char *ex_complaint(void);
/* The comment of a JPEG file, or an empty text. */
const char *ex_comment(const ex_record *record);

size_t ex_exif_count(const ex_record *record);
int ex_exif(ex_record *record, size_t index, ex_field *field);

size_t ex_iptc_count(const ex_record *record);
int ex_iptc(ex_record *record, size_t index, ex_dataset *dataset);
/* Replaces all data sets by those of a block. */
int ex_iptc_replace(ex_record *record, const uint8_t *block, size_t size);

size_t ex_xmp_count(const ex_record *record);
/* The key of a property: "Xmp.xmpMM.History[1]/stEvt:action"; NULL on failure. */
const char *ex_xmp_key(ex_record *record, size_t index);
/* The text of a property, or NULL if there is none. */
const char *ex_xmp_text(ex_record *record, const char *key);
/* Sets a property, new or not; structures and sequences begin empty. */
int ex_xmp_set(ex_record *record, const char *key, ex_kind kind, const char *text);
/* Renames every property whose key begins with `from`. */
int ex_xmp_move(ex_record *record, const char *from, const char *to);
/* Removes every property that is `key` or lies within it. */
int ex_xmp_remove(ex_record *record, const char *key);
/* Copies from IPTC, whose texts are UTF-8, what XMP lacks. */
int ex_xmp_add_iptc(ex_record *record);
/* The whole in UTF-8, without a packet's wrapper, or NULL. */
const char *ex_xmp_packet(ex_record *record);

#ifdef __cplusplus
}
#endif

#endif
