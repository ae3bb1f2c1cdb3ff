import CVips
import Foundation
import TestSupport
import Testing

@testable import Imaging

/// Files that are refused, each with its name and the reason.
@Suite struct RefusalTests {
    private func refusal(_ path: String, _ limits: DecodeLimits = DecodeLimits()) throws -> ImagingError {
        let error = #expect(throws: ImagingError.self) { _ = try Photograph.open(path: path, limits: limits) }
        let found = try #require(error)
        #expect(found.description.contains((path as NSString).lastPathComponent))
        return found
    }

    private func isOverLimit(_ error: ImagingError) -> Bool {
        if case .overLimit = error { true } else { false }
    }

    @Test(
        "Files that are no image",
        arguments: [
            ("empty.jpg", ""), ("text.jpg", "Dear diary, today I wrote some text."),
            ("page.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'></svg>"),
            ("a.gif", "GIF89a\u{1}\0\u{1}\0\0\0\0;"), ("a.pdf", "%PDF-1.4\n"), ("m.pgm", "P5 1 1 255\nA"),
        ])
    func noImage(name: String, text: String) throws {
        let scratch = try TemporaryFolder()
        let error = try refusal(try scratch.write(Array(text.utf8), name))
        #expect(!error.isTransient)
        switch error {
        case .unsupported: #expect(!text.isEmpty)
        case .damaged: #expect(text.isEmpty)
        default: Issue.record("\(error)")
        }
    }

    @Test(
        "Truncated files",
        arguments: [
            ("jpegsave", "a.jpg", [:]), ("jpegsave", "progressive.jpg", ["interlace": "true"]),
            ("pngsave", "a.png", [:]),
            ("pngsave", "interlaced.png", ["interlace": "true"]), ("tiffsave", "a.tif", ["compression": "deflate"]),
            ("tiffsave", "plain.tif", [:]), ("webpsave", "a.webp", [:]),
        ] as [(String, String, [String: String])])
    func truncated(saver: String, name: String, arguments: [String: String]) throws {
        let scratch = try TemporaryFolder()
        var generator = SeededGenerator(4)
        let noise = Raster(300, 200, bands: 1) { _, _, _ in UInt8.random(in: 0...255, using: &generator) }
        let bytes = [UInt8](
            try Data(contentsOf: URL(fileURLWithPath: noise.save(saver, scratch.file(name), arguments))))
        for part in [0.001, 0.02, 0.3, 0.6, 0.97] {
            let path = try scratch.write(
                Array(bytes.prefix(max(12, Int(Double(bytes.count) * part)))), "\(part)" + name)
            let error = try refusal(path)
            if case .damaged = error {} else { Issue.record("\(part): \(error)") }
            #expect(!"\(error)".contains("unknown error"))
            #expect(!error.isTransient)
        }
    }

    @Test("AVIF, whole and truncated", .enabled(if: Self.hasAVIF, "libvips here does not write AVIF"))
    func avif() throws {
        let scratch = try TemporaryFolder()
        let path = try DecodeTests.ramp.save("heifsave", scratch.file("a.avif"), ["compression": "av1", "Q": "90"])
        let photograph = try Photograph.open(path: path)
        #expect(photograph.format == .heif && photograph.width == 80)
        #expect(abs(Int(photograph.plane.tones[20]) - 60 * 257) < 5 * 257)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let cut = try refusal(try scratch.write(Array(bytes.dropLast(50)), "cut.avif"))
        #expect(!cut.isTransient)
    }

    static let hasAVIF: Bool = {
        (try? Vips.start()) != nil && vips_type_find("VipsOperation", "heifsave") != 0
    }()

    @Test("A PNG that declares 1.6 gigapixels is refused by its header")
    func gigapixels() throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(Self.png(width: 40_000, height: 40_000), "huge.png")
        #expect(try refusal(path).description.contains("40000 × 40000"))
    }

    @Test("Sides beyond what the decoder looks at are named", arguments: [(1, 2_000_000_000), (2_000_000_000, 1)])
    func giantSides(width: UInt32, height: UInt32) throws {
        let scratch = try TemporaryFolder()
        let error = try refusal(try scratch.write(Self.png(width: width, height: height), "giant.png"))
        #expect(isOverLimit(error) && "\(error)".contains("\(width) × \(height)"), "\(error)")
    }

    @Test("Strips are no photographs", arguments: [(1, 30_000), (30_000, 1), (4000, 60)])
    func strips(width: Int, height: Int) throws {
        let scratch = try TemporaryFolder()
        let path = try Raster(width, height, bands: 1) { _, _, _ in 7 }.save("pngsave", scratch.file("strip.png"))
        #expect(isOverLimit(try refusal(path)))
    }

    @Test("Limits of bytes, sides, pages and time")
    func limits() throws {
        let scratch = try TemporaryFolder()
        let path = try DecodeTests.ramp.save("pngsave", scratch.file("a.png"))
        var limits = DecodeLimits()
        limits.bytes = 100
        #expect(isOverLimit(try refusal(path, limits)))
        limits = DecodeLimits()
        limits.side = 79
        #expect(isOverLimit(try refusal(path, limits)))
        limits = DecodeLimits()
        limits.seconds = 1e-9
        let late = try refusal(path, limits)
        #expect(late == .tooSlow(file: path, seconds: 1e-9))
        #expect(late.isTransient)
    }

    @Test(
        "Animations and books are refused, or their first page is used where that is allowed",
        arguments: [
            ("webpsave", "a.webp"), ("tiffsave", "a.tif"),
        ])
    func pages(saver: String, name: String) throws {
        let scratch = try TemporaryFolder()
        var raster = Raster(30, 90, bands: 3) { _, y, _ in UInt8(50 + y / 30 * 70) }
        raster.integers = ["page-height": 30, "n-pages": 3]
        let path = try raster.save(saver, scratch.file(name), ["Q": "100"])
        #expect(try refusal(path).description.contains("3 pages"))
        var limits = DecodeLimits()
        limits.pages = 3
        let photograph = try Photograph.open(path: path, limits: limits)
        #expect(photograph.height == 30 && photograph.warnings.count == 1)
        #expect(abs(Int(photograph.plane.tones[0]) - 50 * 257) < 3 * 257)
    }

    @Test("Floating-point and 32-bit samples are refused clearly", arguments: [VIPS_FORMAT_FLOAT, VIPS_FORMAT_UINT])
    func otherSamples(format: VipsBandFormat) throws {
        let scratch = try TemporaryFolder()
        var raster = Raster(16, 16, bands: 4) { _, _, _ in 0 }
        (raster.bands, raster.format, raster.interpretation) = (1, format, VIPS_INTERPRETATION_B_W)
        let path = try raster.save("tiffsave", scratch.file("a.tif"))
        #expect(try refusal(path).description.contains(format == VIPS_FORMAT_FLOAT ? "float" : "uint"))
    }

    @Test("Links, directories, pipes and files that are not there")
    func notFiles() throws {
        let scratch = try TemporaryFolder()
        let target = try DecodeTests.ramp.save("pngsave", scratch.file("a.png"))
        try FileManager.default.createSymbolicLink(atPath: scratch.file("link.png"), withDestinationPath: target)
        #expect(mkfifo(scratch.file("pipe.jpg"), 0o600) == 0)
        try FileManager.default.createDirectory(atPath: scratch.file("d.jpg"), withIntermediateDirectories: false)
        for (name, reason) in [("link.png", "symbolic link"), ("pipe.jpg", "pipe"), ("d.jpg", "directory")] {
            let error = try refusal(scratch.file(name))
            #expect(error.description.contains(reason) && !error.isTransient)
        }
        #expect(
            try refusal(scratch.file("missing.jpg")) == .cannotOpen(file: scratch.file("missing.jpg"), code: ENOENT))
    }

    @Test("A file one may not read", .enabled(if: getuid() != 0, "root may read everything"))
    func forbidden() throws {
        let scratch = try TemporaryFolder()
        let path = try DecodeTests.ramp.save("pngsave", scratch.file("a.png"))
        chmod(path, 0)
        #expect(try refusal(path) == .cannotOpen(file: path, code: EACCES))
    }

    @Test("A descriptor with a name that is hard to print")
    func descriptor() throws {
        let scratch = try TemporaryFolder()
        let path = try DecodeTests.ramp.save("pngsave", scratch.file("a.png"))
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let photograph = try Photograph.open(descriptor: descriptor, name: "two\nlines")
        #expect(photograph.name == "two\\nlines" && photograph.width == 80)
        #expect(try Photograph.open(descriptor: descriptor, name: "again").width == 80)
    }

    @Test("Damaged files decoded at once keep their own reasons")
    func concurrentReasons() async throws {
        let scratch = try TemporaryFolder()
        var generator = SeededGenerator(5)
        let noise = Raster(200, 200, bands: 1) { _, _, _ in UInt8.random(in: 0...255, using: &generator) }
        var paths: [String] = []
        for (saver, name) in [("jpegsave", "a.jpg"), ("pngsave", "a.png")] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: noise.save(saver, scratch.file(name))))
            paths.append(try scratch.write([UInt8](bytes.prefix(bytes.count / 2)), "cut-" + name))
        }
        let reasons = await withTaskGroup(of: String.self) { group in
            for i in 0..<40 {
                let path = paths[i % 2]
                group.addTask {
                    do { return try Photograph.open(path: path).name } catch { return "\(error)" }
                }
            }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(reasons.count == 2, "\(reasons)")
    }

    @Test("Limits out of range are refused")
    func invalidLimits() {
        for change in [
            { $0.pixels = 0 }, { $0.side = 100_000 }, { $0.aspect = 0.5 }, { $0.pages = 0 }, { $0.bytes = 0 },
            { $0.seconds = -1 }, { $0.seconds = .nan },
        ] as [(inout DecodeLimits) -> Void] {
            var limits = DecodeLimits()
            change(&limits)
            #expect(throws: ImagingError.self) { try limits.validate() }
        }
    }

    /// A gray PNG's signature, header and one empty data chunk.
    private static func png(width: UInt32, height: UInt32) -> [UInt8] {
        func bytes(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + data
            var crc: UInt32 = 0xFFFF_FFFF
            for byte in body {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
            }
            return bytes(UInt32(data.count)) + body + bytes(~crc)
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", bytes(width) + bytes(height) + [8, 0, 0, 0, 0])
            + chunk("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1])
            + chunk("IEND", [])
    }

    /// What libvips says where there is no memory is no word about the file.
    @Test func aShortageOfMemoryMayPass() throws {
        try Vips.start()
        let error = #expect(throws: ImagingError.self) {
            try ErrorBuffer.attributing {
                #expect(vips_tracked_malloc(1 << 60) == nil)
                throw ImagingError.library(reason: Vips.takeError())
            }
        }
        guard case .library(let reason) = error else { return }
        #expect(reason.contains("out of memory"), "\(reason)")
        #expect(ImagingError.damaged(file: "a", reason: reason).isTransient)
        #expect(ImagingError.cannotEncode(file: "a", reason: reason).isTransient)
        #expect(ImagingError.library(reason: reason).isTransient)
        // From the helper, which is not told the file's name.
        let told = Refusal(ImagingError.library(reason: reason)).error(file: "a", limits: DecodeLimits())
        #expect(told.isTransient, "\(told)")
    }
}
