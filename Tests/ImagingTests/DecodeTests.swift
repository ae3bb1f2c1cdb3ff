import CVips
import Foundation
import TestSupport
import Testing

@testable import Imaging

@Suite struct DecodeTests {
    static let ramp = Raster(80, 60, bands: 1) { x, y, _ in UInt8(x * 3 + y % 3) }

    @Test(
        "8-bit gray tones come through exactly",
        arguments: [
            ("pngsave", "a.png"), ("tiffsave", "a.tif"), ("jpegsave", "a.jpg"), ("webpsave", "a.webp"),
        ])
    func gray8(saver: String, file: String) throws {
        let scratch = try TemporaryFolder()
        let arguments = saver == "webpsave" ? ["lossless": "true"] : saver == "jpegsave" ? ["Q": "100"] : [:]
        let photograph = try Photograph.open(path: Self.ramp.save(saver, scratch.file(file), arguments))
        #expect(photograph.width == 80 && photograph.height == 60 && photograph.bitDepth == 8)
        #expect(photograph.chromaticity == .gray && !photograph.hasAlpha && photograph.warnings.isEmpty)
        let slack = saver == "jpegsave" ? 3 : 0
        for (tone, value) in zip(photograph.plane.tones, Self.ramp.bytes) {
            #expect(abs(Int(tone) - Int(value) * 257) <= slack * 257)
        }
    }

    @Test("16-bit gray tones come through exactly", arguments: [("pngsave", "a.png"), ("tiffsave", "a.tif")])
    func gray16(saver: String, file: String) throws {
        let scratch = try TemporaryFolder()
        let raster = Raster(deep: 100, 50, bands: 1) { x, y, _ in UInt16(x * 655 + y * 7) }
        let photograph = try Photograph.open(path: raster.save(saver, scratch.file(file)))
        #expect(photograph.bitDepth == 16)
        let expected: [UInt16] = (0..<5000).map { index in
            let (y, x) = index.quotientAndRemainder(dividingBy: 100)
            return UInt16(x * 655 + y * 7)
        }
        #expect(photograph.plane.tones == expected)
    }

    @Test("Lightness of coloured pixels, 8 and 16 bits")
    func colorLightness() throws {
        let scratch = try TemporaryFolder()
        let shallow = Raster(64, 64, bands: 3) { x, y, b in UInt8([x * 4, y * 4, (x + y) * 2][b]) }
        let deep = Raster(deep: 64, 64, bands: 3) { x, y, b in UInt16([x * 1000, y * 1000, (x + y) * 500][b]) }
        for (raster, white) in [(shallow, 255.0), (deep, 65535.0)] {
            let photograph = try Photograph.open(path: raster.save("tiffsave", scratch.file("\(white).tif")))
            #expect(photograph.chromaticity == .colored)
            let step = white == 255 ? 4.0 : 1000.0
            for (x, y) in [(0, 0), (63, 0), (0, 63), (63, 63), (17, 42)] {
                let (red, green) = (Double(x) * step / white, Double(y) * step / white)
                let wanted = lightness(red, green, (red + green) / 2)
                #expect(abs(Double(GrayLevel.lightness[photograph.plane.tones[y * 64 + x]]) - wanted) < 0.002)
            }
        }
    }

    @Test("1-bit and palette images")
    func fewColors() throws {
        let scratch = try TemporaryFolder()
        let checks = Raster(64, 64, bands: 1) { x, y, _ in (x / 8 + y / 8) % 2 == 0 ? 0 : 255 }
        let bilevel = try checks.save("tiffsave", scratch.file("1.tif"), ["bitdepth": "1"])
        let palette = try checks.save("pngsave", scratch.file("p.png"), ["palette": "true"])
        for path in [bilevel, palette] {
            let photograph = try Photograph.open(path: path)
            #expect(photograph.bitDepth == 8 && photograph.chromaticity == .gray)
            #expect(photograph.plane.tones[0] == 0 && photograph.plane.tones[8] == 65535)
        }
    }

    @Test("Opacity is kept", arguments: [1, 3])
    func alpha(colorBands: Int) throws {
        let scratch = try TemporaryFolder()
        let raster = Raster(32, 32, bands: colorBands + 1) { x, y, b in UInt8(b == colorBands ? x * 8 : y * 8) }
        let photograph = try Photograph.open(path: raster.save("pngsave", scratch.file("a.png")))
        #expect(photograph.hasAlpha && photograph.chromaticity == .gray)
        #expect(photograph.plane.alpha?[5] == 40 * 257 && photograph.plane.tones[3 * 32] == 24 * 257)
    }

    @Test("CMYK is converted")
    func cmyk() throws {
        let scratch = try TemporaryFolder()
        var raster = Raster(32, 32, bands: 4) { x, _, b in b == 3 ? 0 : b == 0 && x < 16 ? 255 : 0 }
        raster.interpretation = VIPS_INTERPRETATION_CMYK
        let photograph = try Photograph.open(path: raster.save("jpegsave", scratch.file("c.jpg"), ["Q": "95"]))
        #expect(photograph.chromaticity != .gray && !photograph.warnings.isEmpty)
        let b = photograph.chroma64().values.suffix(4096)
        #expect(b.first! < -30 && abs(b.last!) < 3)
        let light = photograph.networkLightness().values
        // Printed cyan is L 50…65, the paper white.
        #expect((50...65).contains(light[0]) && light[255] > 95)
    }

    @Test(
        "A profile that does not fit a gray image is ignored with a warning",
        arguments: [
            ("jpegsave", "a.jpg"), ("tiffsave", "a.tif"),
        ])
    func grayWithRGBProfile(saver: String, file: String) throws {
        let scratch = try TemporaryFolder()
        var raster = Self.ramp
        try Vips.start()
        raster.profile = try ColorProfile.sRGB()
        var path = try raster.save(saver, scratch.file(file))
        if saver == "jpegsave" {
            // libvips itself does not write this fault: the profile goes into an APP2 segment after the first marker.
            let payload = Array("ICC_PROFILE\0".utf8) + [1, 1] + (raster.profile ?? [])
            let length = payload.count + 2
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes.insert(contentsOf: [0xFF, 0xE2, UInt8(length >> 8), UInt8(length & 255)] + payload, at: 2)
            path = try scratch.write(bytes, "faulty.jpg")
        }
        try metadata(path) { try #require($0.blob("icc-profile-data") != nil) }
        let photograph = try Photograph.open(path: path)
        #expect(photograph.chromaticity == .gray && photograph.warnings.count == 1)
        #expect(abs(Int(photograph.plane.tones[20]) - 60 * 257) < 3 * 257)
    }

    @Test("A profile that is sRGB leaves samples alone, a damaged one is ignored, another is applied")
    func rgbProfiles() throws {
        let scratch = try TemporaryFolder()
        var raster = Raster(32, 32, bands: 3) { x, _, _ in UInt8(x * 8) }
        raster.profile = try ColorProfile.sRGB()
        let plain = try Photograph.open(path: raster.save("pngsave", scratch.file("a.png")))
        #expect(plain.warnings.isEmpty && plain.plane.tones[3] == 24 * 257)
        raster.profile = [UInt8](repeating: 0, count: 200)
        let damaged = try Photograph.open(path: raster.save("tiffsave", scratch.file("b.tif")))
        #expect(damaged.warnings.count == 1 && damaged.plane.tones[3] == 24 * 257)
        // The same profile with its gamma curves' first part doubled in the header's eyes: red and blue swapped.
        raster = Raster(32, 32, bands: 3) { _, _, b in b == 0 ? 200 : 40 }
        raster.profile = try swappedPrimaries()
        let swapped = try Photograph.open(path: raster.save("tiffsave", scratch.file("c.tif")))
        // Red samples now mean blue, which is darker.
        #expect(abs(Double(GrayLevel.lightness[swapped.plane.tones[0]]) - lightness(40 / 255, 40 / 255, 200 / 255)) < 1)
    }

    /// sRGB's profile with the tags of its red and blue primaries exchanged.
    private func swappedPrimaries() throws -> [UInt8] {
        var profile = try ColorProfile.sRGB()
        let names = ["rXYZ", "bXYZ"].map { Array($0.utf8) }
        let table = (0..<Int(profile[131])).map { 132 + 12 * $0 }
        let red = try #require(table.first { Array(profile[$0..<$0 + 4]) == names[0] })
        let blue = try #require(table.first { Array(profile[$0..<$0 + 4]) == names[1] })
        profile.replaceSubrange(red..<red + 4, with: names[1])
        profile.replaceSubrange(blue..<blue + 4, with: names[0])
        return profile
    }

    @Test("16 bits stay 16 through a profile")
    func deepProfile() throws {
        let scratch = try TemporaryFolder()
        var raster = Raster(deep: 256, 16, bands: 3) { x, y, _ in UInt16(20000 + y * 256 + x) }
        raster.profile = try swappedPrimaries()
        let photograph = try Photograph.open(path: raster.save("tiffsave", scratch.file("a.tif")))
        #expect(Set(photograph.plane.tones).count > 2000)
        #expect(photograph.plane.tones.allSatisfy { $0 > 18000 && $0 < 26000 })
    }

    @Test("Dates come from EXIF, resolution from the file")
    func metadataIsRead() throws {
        let scratch = try TemporaryFolder()
        var raster = Self.ramp
        raster.strings = [
            "exif-ifd0-DateTime": "2010:01:02 03:04:05", "exif-ifd2-DateTimeOriginal": "1969:07:20 20:17:40",
        ]
        let photograph = try Photograph.open(path: raster.save("jpegsave", scratch.file("a.jpg")))
        #expect(photograph.dates == CaptureDates(original: "1969:07:20 20:17:40", modified: "2010:01:02 03:04:05"))
        #expect(photograph.format == .jpeg)
        let dense = try Photograph.open(path: Self.ramp.save("tiffsave", scratch.file("a.tif"), ["xres": "11.811"]))
        #expect(abs(try #require(dense.resolution) - 300) < 0.1)
        #expect(CaptureDates.checked("0000:00:00 00:00:00") == nil && CaptureDates.checked("yesterday, at noon") == nil)
    }

    @Test("One pixel is a photograph too")
    func onePixel() throws {
        let scratch = try TemporaryFolder()
        let path = try Raster(1, 1, bands: 1) { _, _, _ in 99 }.save("pngsave", scratch.file("1.png"))
        let photograph = try Photograph.open(path: path)
        #expect(photograph.plane.tones == [99 * 257])
        let renderer = Renderer(photograph)
        _ = try renderer.write(
            renderer.field(chroma: chroma(seed: 1)), to: scratch.file("o.png"), options: OutputOptions(format: .png),
            disclosure: disclosure)
        let painted = try Photograph.open(path: scratch.file("o.png"))
        #expect(abs(GrayLevel.lightness[painted.plane.tones[0]] - GrayLevel.lightness[99 * 257]) < 0.5)
    }

    @Test("Noise over the network's lightness averages out, and the sides need not be in proportion")
    func networkLightness() throws {
        let scratch = try TemporaryFolder()
        let raster = Raster(1024, 512, bands: 1) { x, y, _ in (x + y) % 2 == 0 ? 90 : 110 }
        let light = try Photograph.open(path: raster.save("pngsave", scratch.file("a.png"))).networkLightness()
        #expect(light.shape == [1, 1, 256, 256])
        let mean = Float(lightness(90 / 255, 90 / 255, 90 / 255) + lightness(110 / 255, 110 / 255, 110 / 255)) / 2
        #expect(light.values.allSatisfy { abs($0 - mean) < 0.01 })
    }
}
