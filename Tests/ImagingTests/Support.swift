import CVips
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func fixture(_ name: String) -> String { root + "/Tests/Fixtures/" + name }
    static func sample(_ name: String) -> String { root + "/Samples/" + name }
    static let colorPhotographs = ["astronaut.jpg", "chelsea.jpg", "coffee.jpg"]
    /// Photographs that are not part of the project.
    static let validation = root + "/../shared/photos/validation256-00.tar"
}

/// Pixels to be written as a test file, by any of libvips' savers.
struct Raster {
    var width: Int
    var height: Int
    var bands: Int
    var format = VIPS_FORMAT_UCHAR
    var interpretation: VipsInterpretation
    var bytes: [UInt8]
    var strings: [String: String] = [:]
    var integers: [String: Int] = [:]
    var profile: [UInt8]?

    init(_ width: Int, _ height: Int, bands: Int, _ value: (_ x: Int, _ y: Int, _ band: Int) -> UInt8) {
        (self.width, self.height, self.bands) = (width, height, bands)
        interpretation = bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        bytes = []
        for y in 0..<height { for x in 0..<width { for b in 0..<bands { bytes.append(value(x, y, b)) } } }
    }

    init(deep width: Int, _ height: Int, bands: Int, _ value: (_ x: Int, _ y: Int, _ band: Int) -> UInt16) {
        (self.width, self.height, self.bands) = (width, height, bands)
        interpretation = bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16
        format = VIPS_FORMAT_USHORT
        bytes = []
        for y in 0..<height {
            for x in 0..<width {
                for b in 0..<bands { withUnsafeBytes(of: value(x, y, b)) { bytes += $0 } }
            }
        }
    }

    /// Writes a file with the named saver, such as `pngsave`, and its arguments as text.
    @discardableResult
    func save(_ saver: String, _ path: String, _ arguments: [String: String] = [:]) throws -> String {
        try Vips.start()
        let image = bytes.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(width), Int32(height), Int32(bands), format)
        }
        let picture = VipsPicture(image!)
        picture.pointer.pointee.Type = interpretation
        for (name, value) in strings { picture.setString(name, value) }
        for (name, value) in integers { vips_image_set_int(picture.pointer, name, Int32(value)) }
        if let profile { picture.setBlob("icc-profile-data", profile) }
        try Raster.save(picture, saver, path, arguments)
        return path
    }

    static func save(_ picture: VipsPicture, _ saver: String, _ path: String, _ arguments: [String: String]) throws {
        let operation = vips_operation_new(saver)!
        var value = GValue()
        g_value_init(&value, vips_image_get_type())
        g_value_set_object(&value, picture.pointer)
        operation.withMemoryRebound(to: GObject.self, capacity: 1) { g_object_set_property($0, "in", &value) }
        g_value_unset(&value)
        let status = operation.withMemoryRebound(to: VipsObject.self, capacity: 1) { object in
            var all = arguments
            all["filename"] = path
            for (name, text) in all where vips_object_set_argument_from_string(object, name, text) != 0 {
                return Int32(-1)
            }
            let status = vips_object_build(object)
            vips_object_unref_outputs(object)
            return status
        }
        g_object_unref(operation)
        if status != 0 { throw ImagingError.library(reason: Vips.takeError()) }
    }
}

/// Chroma that varies smoothly and strongly, the same for the same seed.
func chroma(seed: UInt64, strength: Float = 30) -> Tensor {
    var generator = SeededGenerator(seed)
    let waves = (0..<6).map { _ in Float.random(in: 0.02...0.25, using: &generator) }
    var values = [Float](repeating: 0, count: 2 * 64 * 64)
    for y in 0..<64 {
        for x in 0..<64 {
            let (fx, fy) = (Float(x), Float(y))
            values[y * 64 + x] = strength * sin(waves[0] * fx + waves[1] * fy + waves[2] * 10)
            values[4096 + y * 64 + x] = strength * cos(waves[3] * fx - waves[4] * fy + waves[5] * 10)
        }
    }
    return Tensor([1, 2, 64, 64], values)
}

let disclosure = Disclosure(
    version: "1.0", model: "compact <&>", modelHash: String(repeating: "ab", count: 32), seed: 7, sample: 0)

/// The samples of a written file, undecoded colours included.
func samples(_ path: String) throws -> (width: Int, height: Int, bands: Int, depth: Int, values: [UInt16]) {
    try Vips.start()
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let length = Int(lseek(descriptor, 0, SEEK_END))
    let input = try VipsFileSource(descriptor: descriptor, length: length, deadline: .now + .seconds(60))
    guard let image = av_open(input.source) else { throw ImagingError.library(reason: Vips.takeError()) }
    let picture = VipsPicture(image)
    var count = 0
    guard let memory = vips_image_write_to_memory(picture.pointer, &count) else {
        throw ImagingError.library(reason: Vips.takeError())
    }
    defer { g_free(memory) }
    let isDeep = picture.format == VIPS_FORMAT_USHORT
    let raw = UnsafeRawBufferPointer(start: memory, count: count)
    let values = isDeep ? Array(raw.bindMemory(to: UInt16.self)) : raw.map { UInt16($0) }
    return (picture.width, picture.height, picture.bands, isDeep ? 16 : 8, values)
}

/// The metadata of a written file.
func metadata(_ path: String, _ body: (VipsPicture) throws -> Void) throws {
    try Vips.start()
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let length = Int(lseek(descriptor, 0, SEEK_END))
    let input = try VipsFileSource(descriptor: descriptor, length: length, deadline: .now + .seconds(60))
    guard let image = av_open(input.source) else { throw ImagingError.library(reason: Vips.takeError()) }
    try body(VipsPicture(image))
}

/// L of one sRGB colour by the definition, in double precision.
func lightness(_ red: Double, _ green: Double, _ blue: Double) -> Double {
    let y = 0.2126729 * Lab.decode(red) + 0.7151522 * Lab.decode(green) + 0.0721750 * Lab.decode(blue)
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27
}
