import CVips
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct RendererTests {
    private func write(
        _ photograph: Photograph, _ format: OutputFormat, _ path: String, threads: Int = 1, strength: Float = 30
    ) throws -> VariantReport {
        let renderer = Renderer(photograph, threads: threads)
        return try renderer.write(
            renderer.field(chroma: chroma(seed: 3, strength: strength)), to: path,
            options: OutputOptions(format: format), disclosure: disclosure)
    }

    /// Largest difference of L between a photograph and the samples of its picture.
    private func worstLightness(
        _ out: (width: Int, height: Int, bands: Int, depth: Int, values: [UInt16]), _ photograph: Photograph
    ) -> Double {
        let white = out.depth == 16 ? 65535.0 : 255
        return (0..<out.width * out.height).reduce(0) { worst, i in
            let light = lightness(
                Double(out.values[3 * i]) / white, Double(out.values[3 * i + 1]) / white,
                Double(out.values[3 * i + 2]) / white)
            return max(worst, abs(light - Double(GrayLevel.lightness[photograph.plane.tones[i]])))
        }
    }

    @Test(
        "Lightness of lossless outputs is the photograph's", arguments: [OutputFormat.png, .tiff],
        [
            "camera.jpg", "coffee-16bit.tif", "rocket-sepia.jpg",
        ])
    func keepsLightness(format: OutputFormat, name: String) throws {
        let scratch = try TemporaryFolder()
        let photograph = try Photograph.open(path: Repository.sample(name))
        let report = try write(photograph, format, scratch.file("out"))
        let out = try samples(scratch.file("out"))
        #expect(out.width == photograph.width && out.height == photograph.height && out.bands == 3)
        #expect(out.depth == photograph.bitDepth)
        let worst = worstLightness(out, photograph)
        #expect(worst < (out.depth == 16 ? 0.01 : 0.45), "\(worst)")
        #expect(report.meanChroma > 10 && report.warnings.isEmpty)
    }

    @Test(
        "Without chroma the photograph comes back, sample for sample", arguments: [OutputFormat.png, .tiff],
        [
            "camera.jpg", "coffee-16bit.tif",
        ])
    func neutral(format: OutputFormat, name: String) throws {
        let scratch = try TemporaryFolder()
        let photograph = try Photograph.open(path: Repository.sample(name))
        let report = try write(photograph, format, scratch.file("out"), strength: 0)
        let out = try samples(scratch.file("out"))
        let step: UInt16 = out.depth == 16 ? 1 : 257
        let wrong = out.values.indices.count { out.values[$0] * step != photograph.plane.tones[$0 / 3] }
        #expect(wrong == 0)
        #expect(report.clippedPixels == 0 && report.meanChroma < 1e-3)
    }

    @Test("The same bytes for any number of threads and every time", arguments: OutputFormat.allCases)
    func deterministic(format: OutputFormat) throws {
        let scratch = try TemporaryFolder()
        let photograph = try Photograph.open(path: Repository.sample("chelsea.png"))
        var files: [Data] = []
        var reports: [VariantReport] = []
        for threads in [1, 1, 2, 3] {
            reports.append(try write(photograph, format, scratch.file("out"), threads: threads))
            files.append(try Data(contentsOf: URL(fileURLWithPath: scratch.file("out"))))
        }
        #expect(files.allSatisfy { $0 == files[0] } && reports.allSatisfy { $0 == reports[0] })
    }

    @Test("Chroma beyond sRGB is counted")
    func clipping() throws {
        let scratch = try TemporaryFolder()
        let photograph = try Photograph.open(path: Repository.sample("chelsea.png"))
        let mild = try write(photograph, .png, scratch.file("a"), strength: 3)
        let wild = try write(photograph, .png, scratch.file("b"), strength: 90)
        let pixels = photograph.width * photograph.height
        #expect(mild.clippedPixels < pixels / 50 && wild.clippedPixels > pixels / 2)
        #expect(worstLightness(try samples(scratch.file("b")), photograph) < 0.5)
    }

    @Test("Saturation multiplies chroma")
    func saturation() throws {
        let scratch = try TemporaryFolder()
        let renderer = Renderer(try Photograph.open(path: Repository.sample("chelsea.png")))
        func mean(_ saturation: Double) throws -> Double {
            var options = OutputOptions(format: .tiff)
            options.saturation = saturation
            return try renderer.write(
                renderer.field(chroma: chroma(seed: 2, strength: 8)), to: scratch.file("out"), options: options,
                disclosure: disclosure
            ).meanChroma
        }
        #expect(abs(try mean(1.5) / mean(1) - 1.5) < 0.01)
    }

    @Test("Transparency is kept, or laid onto white with a warning", arguments: OutputFormat.allCases)
    func transparency(format: OutputFormat) throws {
        let scratch = try TemporaryFolder()
        let raster = Raster(64, 64, bands: 2) { x, _, b in b == 1 ? (x < 32 ? 0 : 255) : 100 }
        let photograph = try Photograph.open(path: raster.save("pngsave", scratch.file("in.png")))
        let report = try write(photograph, format, scratch.file("out"))
        let out = try samples(scratch.file("out"))
        #expect(out.bands == (format.keepsAlpha ? 4 : 3) && report.warnings.isEmpty == format.keepsAlpha)
        if format.keepsAlpha {
            #expect(out.values[3] == 0 && out.values[4 * 63 + 3] == 255)
        } else {
            #expect(out.values[0] > 250 && out.values[3 * 63] < 220)
        }
    }

    @Test("A JPEG keeps as much of the chroma as it is asked for", arguments: ChromaSubsampling.allCases)
    func subsampling(_ subsampling: ChromaSubsampling) throws {
        let scratch = try TemporaryFolder()
        let renderer = Renderer(try Photograph.open(path: Repository.sample("chelsea.png")))
        var options = OutputOptions(format: .jpeg)
        options.subsampling = subsampling
        _ = try renderer.write(
            renderer.field(chroma: chroma(seed: 3)), to: scratch.file("out"), options: options, disclosure: disclosure)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file("out"))))
        // The frame's header: marker, length, precision, height, width, and of three components number, factors, table.
        let frame = try #require(
            bytes.indices.dropLast(20).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 && bytes[$0 + 9] == 3 })
        let factors = (0..<3).map { bytes[frame + 11 + 3 * $0] }
        #expect(factors == (subsampling == .half ? [0x22, 0x11, 0x11] : [0x11, 0x11, 0x11]))
    }

    @Test("Profile, disclosure and dates are in every output", arguments: OutputFormat.allCases)
    func metadataIsWritten(format: OutputFormat) throws {
        let scratch = try TemporaryFolder()
        var raster = DecodeTests.ramp
        raster.strings = ["exif-ifd2-DateTimeOriginal": "1969:07:20 20:17:40"]
        raster.integers = ["orientation": 6]
        let photograph = try Photograph.open(path: raster.save("jpegsave", scratch.file("in.jpg")))
        _ = try write(photograph, format, scratch.file("out"))
        try metadata(scratch.file("out")) { picture in
            #expect(ColorProfile.space(of: try #require(picture.blob("icc-profile-data"))) == .rgb)
            let packet = String(decoding: try #require(picture.blob("xmp-data")), as: UTF8.self)
            #expect(packet.contains(Disclosure.digitalSourceType))
            #expect(packet.contains("<xmp:CreatorTool>Autochrome 1.0</xmp:CreatorTool>"))
            #expect(packet.contains("are a guess") && packet.contains("compact &lt;&amp;&gt;"))
            #expect(packet.contains("1969-07-20T20:17:40"))
            #expect(XMLParser(data: Data(packet.utf8)).parse())
            #expect((picture.string("orientation") ?? "1") == "1")
            if format == .jpeg || format == .tiff {
                let records = try #require(picture.blob("iptc-data"))
                #expect(String(decoding: records, as: UTF8.self).contains("are a guess"))
            }
        }
        // The output's own dates are read as a photograph's are.
        #expect(try Photograph.open(path: scratch.file("out")).dates.original == "1969:07:20 20:17:40")
    }

    @Test("Resolution is carried over", arguments: [OutputFormat.jpeg, .png, .tiff])
    func resolution(format: OutputFormat) throws {
        let scratch = try TemporaryFolder()
        let path = try DecodeTests.ramp.save("tiffsave", scratch.file("in.tif"), ["xres": "11.811", "yres": "11.811"])
        _ = try write(try Photograph.open(path: path), format, scratch.file("out"))
        let written = try Photograph.open(path: scratch.file("out"))
        #expect(abs(try #require(written.resolution) - 300) < 1)
    }

    @Test("A picture too long for its format is refused and leaves no file")
    func tooLong() throws {
        let scratch = try TemporaryFolder()
        let path = try Raster(16_400, 400, bands: 1) { _, _, _ in 9 }.save("pngsave", scratch.file("in.png"))
        #expect(throws: ImagingError.self) {
            _ = try write(try Photograph.open(path: path), .webp, scratch.file("out"))
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.file("out")))
    }

    @Test("An output that cannot be created, and one that is no file")
    func badOutput() throws {
        let photograph = try Photograph.open(path: Repository.sample("camera.jpg"))
        let error = #expect(throws: ImagingError.self) {
            _ = try write(photograph, .png, "/nowhere/at/all.png")
        }
        #expect(error == .cannotWrite(file: "/nowhere/at/all.png", code: ENOENT))
        #expect(throws: ImagingError.self) { _ = try write(photograph, .png, "/dev/full") }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    @Test("A full disk is told apart from a bad picture", arguments: OutputFormat.allCases)
    func fullDisk(format: OutputFormat) throws {
        try Vips.start()
        let descriptor = open("/dev/full", O_RDWR)
        defer { close(descriptor) }
        let file = FileTarget(descriptor: descriptor)
        var generator = SeededGenerator(8)
        var picture = RGBImage(width: 300, height: 100)
        for i in picture.pixels.indices { picture.pixels[i] = UInt8.random(in: 0...255, using: &generator) }
        let failure = try Encoder.encode(
            picture, pixelsPerInch: 72, profile: ColorProfile.sRGB(), to: file, OutputOptions(format: format))
        #expect(failure != nil)
        #expect(file.failure == ENOSPC)
        #expect(ImagingError.cannotWrite(file: "a", code: file.failure).isNoSpace)
    }

    @Test("Options out of range are refused")
    func options() {
        var options = OutputOptions()
        options.quality = 0
        #expect(throws: ImagingError.self) { try options.validate() }
        options = OutputOptions()
        options.saturation = -1
        #expect(throws: ImagingError.self) { try options.validate() }
    }
}
