import Foundation

/// A request to a helper; a channel for the answers comes with it and, for a decode, the file's descriptor.
struct HelperRequest: Codable {
    enum Work: String, Codable {
        case decode
        /// Read the metadata; memory for them comes with the request.
        case metadata
        /// Try what is forbidden.
        case probe
    }

    var work: Work
    var limits: DecodeLimits
    var metadata: MetadataRequest?
}

/// The variants that an original's metadata are wanted for.
struct MetadataRequest: Codable {
    /// What is added; its sample does not matter.
    var disclosure: Disclosure
    var format: OutputFormat
}

/// A helper's answer; the client believes nothing in it, as a stranger's file may have taken over the decoder.
enum HelperReply: Codable {
    /// The header was read; memory for the pixels is wanted.
    case header(ImageDescription)
    /// The pixels are in the memory, and chroma where there is any.
    case decoded(hasChroma: Bool)
    /// So many bytes in the memory are an `OriginalMetadata`.
    case metadata(bytes: Int)
    case refused(Refusal)
    /// The `errno` of every attempt; 0 where it worked.
    case probed([String: Int32])
}

/// Why a helper did not decode a file, without the file's name, which it is not told.
struct Refusal: Codable {
    enum Kind: String, Codable { case unsupported, overLimit, damaged, tooSlow, unreadable, library, other }

    var kind: Kind
    var reason: String
    var code: Int32 = 0

    init(_ error: any Error) {
        switch error as? ImagingError {
        case .unsupported(_, let reason)?: (kind, self.reason) = (.unsupported, reason)
        case .notAPhotograph(_, let reason)?: (kind, self.reason) = (.unsupported, reason)
        case .overLimit(_, let reason)?: (kind, self.reason) = (.overLimit, reason)
        case .damaged(_, let reason)?: (kind, self.reason) = (.damaged, reason)
        case .tooSlow?: (kind, reason) = (.tooSlow, "")
        case .cannotRead(_, let code)?, .cannotOpen(_, let code)?: (kind, reason, self.code) = (.unreadable, "", code)
        case .library(let reason)?: (kind, self.reason) = (.library, reason)
        default: (kind, reason) = (.other, "\(error)")
        }
    }

    /// The error for the file that the helper was given.
    func error(file: String, limits: DecodeLimits) -> ImagingError {
        let text = String(Photograph.printable(String(reason.prefix(400))).prefix(400))
        return switch kind {
        case .unsupported: .unsupported(file: file, reason: text)
        case .overLimit: .overLimit(file: file, reason: text)
        case .damaged: .damaged(file: file, reason: text)
        case .tooSlow: .tooSlow(file: file, seconds: limits.seconds)
        case .unreadable: .cannotRead(file: file, code: code)
        case .library: .library(reason: text)
        case .other: .decoderFailed(file: file, reason: "failed: " + text)
        }
    }
}

/// The confinement of a helper on this kernel.
package struct Confinement: Sendable, Codable, Equatable {
    /// Version of Landlock, which closes the file system; 0 where the kernel has none.
    package var landlock: Int32
    /// Whether system calls are filtered.
    package var filter: Bool

    /// The missing parts, or nil.
    package var gap: String? {
        var missing: [String] = []
        if landlock == 0 { missing.append("Landlock") }
        if !filter { missing.append("a filter of system calls (seccomp)") }
        return missing.isEmpty ? nil : missing.joined(separator: " and ")
    }
}
