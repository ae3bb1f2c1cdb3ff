/* libcurl for Swift, which does not import functions with variable arguments. */
#ifndef AUTOCHROME_CCURL_SHIM_H
#define AUTOCHROME_CCURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*ac_write_fn)(char *data, size_t size, size_t count, void *user);

static inline CURLcode ac_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode ac_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ac_set_number(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode ac_set_headers(CURL *curl, struct curl_slist *headers) {
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
}

/* A body of so many bytes, which stay where they are until the request is done. */
static inline CURLcode ac_set_body(CURL *curl, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code ? code : curl_easy_setopt(curl, CURLOPT_POSTFIELDS, bytes);
}

static inline CURLcode ac_set_writer(CURL *curl, ac_write_fn write, void *user) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
    return code ? code : curl_easy_setopt(curl, CURLOPT_WRITEDATA, user);
}

static inline CURLcode ac_set_progress(CURL *curl, curl_xferinfo_callback progress, void *user) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, user);
    return code ? code : curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* The status of the last response, or 0. */
static inline long ac_status(CURL *curl) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

#endif
