import CVips

/// Owns one reference to a libvips image.
///
/// Not Sendable: a pipeline stays on the thread that made it.
final class VipsPicture {
    typealias Pointer = UnsafeMutablePointer<VipsImage>

    let pointer: Pointer

    init(_ pointer: Pointer) { self.pointer = pointer }

    /// The result of an operation that returns 0 and sets its argument, or nil if it failed.
    init?(_ operation: (UnsafeMutablePointer<Pointer?>) -> Int32) {
        var out: Pointer?
        guard operation(&out) == 0, let out else { return nil }
        pointer = out
    }

    deinit { av_unref(pointer) }

    var width: Int { Int(vips_image_get_width(pointer)) }
    var height: Int { Int(vips_image_get_height(pointer)) }
    var bands: Int { Int(vips_image_get_bands(pointer)) }
    var format: VipsBandFormat { vips_image_get_format(pointer) }
    var interpretation: VipsInterpretation { vips_image_get_interpretation(pointer) }

    /// The names of all fields of the image's metadata.
    var fieldNames: [String] {
        guard let names = vips_image_get_fields(pointer) else { return [] }
        defer { g_strfreev(names) }
        return (0...).lazy.map { names[$0] }.prefix { $0 != nil }.map { String(cString: $0!) }
    }

    /// A field of the image's metadata as text, or nil if there is none.
    func string(_ name: String) -> String? {
        guard vips_image_get_typeof(pointer, name) != 0 else { return nil }
        var out: UnsafeMutablePointer<CChar>?
        guard vips_image_get_as_string(pointer, name, &out) == 0, let out else { return nil }
        defer { g_free(out) }
        return String(cString: out)
    }

    /// A binary field of the image's metadata, or nil if there is none.
    func blob(_ name: String) -> [UInt8]? {
        guard vips_image_get_typeof(pointer, name) != 0 else { return nil }
        var data: UnsafeRawPointer?
        var length = 0
        guard vips_image_get_blob(pointer, name, &data, &length) == 0, let data else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: data, count: length))
    }

    /// Sets a binary field of the image's metadata to a copy of `bytes`.
    func setBlob(_ name: String, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { vips_image_set_blob_copy(pointer, name, $0.baseAddress, $0.count) }
    }
}

extension VipsPicture {
    /// Sets a text field of the image's metadata.
    func setString(_ name: String, _ value: String) { vips_image_set_string(pointer, name, value) }
}
