#ifndef AUTOCHROME_CINOTIFYTOOLS_SHIM_H
#define AUTOCHROME_CINOTIFYTOOLS_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <inotifytools/inotifytools.h>

// The library's header declares functions without prototypes and hides the name at the end of an event; these
// wrappers give Swift plain ones.

static inline int watch_initialize(void) { return inotifytools_initialize(); }

static inline void watch_cleanup(void) { inotifytools_cleanup(); }

static inline int watch_error(void) { return inotifytools_error(); }

static inline const char *watch_event_name(const struct inotify_event *event) {
    return event->len > 0 ? event->name : "";
}

#endif
