import CVips
import Synchronization

/// Checks of an image's embedded ICC profile.
enum ColorProfile {
    /// The colour space a profile describes, from bytes 16…19 of its header.
    enum Space { case gray, rgb, cmyk, other }

    static func space(of profile: [UInt8]) -> Space {
        guard profile.count >= 132, Array(profile[36..<40]) == Array("acsp".utf8) else { return .other }
        return switch String(decoding: profile[16..<20], as: UTF8.self) {
        case "GRAY": .gray
        case "RGB ": .rgb
        case "CMYK": .cmyk
        default: .other
        }
    }

    private static let known = Mutex<[UInt8]?>(nil)

    /// The sRGB profile every output embeds; a failure is tried again by the next.
    static func sRGB() throws -> [UInt8] {
        try known.withLock { known in
            if let known { return known }
            let profile = try builtIn()
            known = profile
            return profile
        }
    }

    private static func builtIn() throws(ImagingError) -> [UInt8] {
        var blob: UnsafeMutablePointer<VipsBlob>?
        guard av_profile("srgb", &blob) == 0, let blob else { throw .library(reason: Vips.takeError()) }
        defer { av_blob_unref(blob) }
        var length = 0
        guard let data = vips_blob_get(blob, &length) else { throw .library(reason: "no sRGB profile") }
        return [UInt8](UnsafeRawBufferPointer(start: data, count: length))
    }

    /// Whether an RGB profile is sRGB in all but name: colours all over its cube stay within one level of 255.
    ///
    /// Pixels then need no conversion, which keeps their values exactly. Nil if the profile does not work.
    static func isSRGB(_ profile: [UInt8]) -> Bool? {
        let levels: [UInt8] = (0...8).map { UInt8($0 * 255 / 8) }
        var cube: [UInt8] = []
        for red in levels {
            for green in levels {
                for blue in levels { cube += [red, green, blue] }
            }
        }
        let image = cube.withUnsafeBytes { bytes in
            vips_image_new_from_memory_copy(
                bytes.baseAddress, bytes.count, Int32(cube.count / 3), 1, 3, VIPS_FORMAT_UCHAR)
        }
        guard let image else { return nil }
        let picture = VipsPicture(image)
        picture.pointer.pointee.Type = VIPS_INTERPRETATION_sRGB
        picture.setBlob("icc-profile-data", profile)
        guard let converted = VipsPicture({ av_to_srgb(picture.pointer, $0, "srgb", 8) }) else { return nil }
        var length = 0
        guard let memory = vips_image_write_to_memory(converted.pointer, &length), length == cube.count else {
            return nil
        }
        defer { g_free(memory) }
        let bytes = UnsafeRawBufferPointer(start: memory, count: length)
        return zip(bytes, cube).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
    }
}
