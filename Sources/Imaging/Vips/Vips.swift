import CVips
import Foundation
import Synchronization

/// The process-wide state of libvips.
package enum Vips {
    /// Starts libvips once: trusted decoders of the allow-list only, no operation cache.
    ///
    /// The cache is off because it is keyed by name and serves stale pixels when a scanner reuses one.
    /// - Parameter concurrency: threads of libvips for one pipeline; the service has its own workers, hence 1.
    /// - Throws: `ImagingError.library` when libvips cannot start.
    package static func start(concurrency: Int = 1) throws {
        precondition(concurrency > 0, "libvips needs at least one thread")
        try started.get()
        vips_concurrency_set(Int32(concurrency))
    }

    /// Decoders that may see a file from outside.
    private static let allowedLoaders = [
        "VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadWebp",
        "VipsForeignLoadHeif",
    ]

    private static let started: Result<Void, ImagingError> = {
        guard av_init({ _, level, text, _ in keep(level, text) }) == 0 else {
            return .failure(.library(reason: takeError()))
        }
        vips_block_untrusted_set(1)
        vips_operation_block_set("VipsForeignLoad", 1)
        for loader in allowedLoaders { vips_operation_block_set(loader, 0) }
        vips_cache_set_max(0)
        vips_concurrency_set(1)
        return .success(())
    }()

    static func ensureStarted() throws { try started.get() }

    /// The last warning: where some decoders leave the only reason they give, while the error buffer stays empty.
    private static let warning = Mutex("")

    private static func keep(_ level: GLogLevelFlags, _ text: UnsafePointer<CChar>?) {
        guard level.rawValue & G_LOG_LEVEL_WARNING.rawValue != 0, let text else { return }
        let line = String(cString: text)
        warning.withLock { $0 = line }
    }

    /// The text of libvips' error buffer in one line; the buffer is emptied.
    static func takeError() -> String {
        let warning = warning.withLock { warning in
            defer { warning = "" }
            return warning
        }
        guard let buffer = vips_error_buffer_copy() else { return "unknown error" }
        defer { g_free(buffer) }
        var lines: [String] = []
        for line in (String(cString: buffer) + "\n" + warning).split(whereSeparator: \.isNewline) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if !text.isEmpty, !lines.contains(text) { lines.append(text) }
        }
        return lines.isEmpty ? "unknown error" : lines.prefix(4).joined(separator: "; ")
    }
}
