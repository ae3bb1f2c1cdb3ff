import CVips
import Foundation
import TestSupport
import Testing

@testable import Imaging

/// Decoding in helper processes, honest ones and such whose decoder misbehaves.
@Suite struct SandboxTests {
    /// Built beside the tests.
    static let helper = Bundle.main.executableURL!.deletingLastPathComponent().path + "/faulty-helper"
    private let scratch: TemporaryFolder
    private let decoder = SandboxedDecoder(program: SandboxTests.helper, arguments: [])

    init() throws { scratch = try TemporaryFolder() }

    private func good() throws -> String { try DecodeTests.ramp.save("pngsave", scratch.file("good.png")) }

    private func faulty(_ fault: String) throws -> String {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: good())) + Data("fault: \(fault)".utf8)
        return try scratch.write([UInt8](bytes), "bad.png")
    }

    @Test("Nothing outside can be reached from inside")
    func closed() throws {
        let confinement = try decoder.start()
        try #require(confinement.filter, "this kernel filters no system calls")
        let results = try decoder.probe()
        #expect(results.count == 13)
        for (attempt, code) in results { #expect([EPERM, EACCES].contains(code), "\(attempt): \(code)") }
    }

    @Test("Landlock alone closes the file system")
    func landlock() throws {
        let confinement = try decoder.start()
        #expect(confinement.gap == nil || confinement.landlock == 0 || !confinement.filter)
        #expect(Confinement(landlock: 0, filter: true).gap == "Landlock")
        #expect(Confinement(landlock: 3, filter: true).gap == nil)
    }

    @Test(
        "The same photograph comes back as from this process",
        arguments: ["camera.jpg", "chelsea.png", "coffee-16bit.tif", "rocket-sepia.jpg"])
    func same(name: String) throws {
        try expectSame(Repository.sample(name))
    }

    @Test("Opacity, orientation, dates and density come back as well")
    func description() throws {
        var raster = Raster(37, 23, bands: 4) { x, y, band in UInt8((x * 5 + y * 7 + band * 31) % 256) }
        raster.integers = ["orientation": 6]
        raster.strings = ["exif-ifd2-DateTimeOriginal": "1969:07:20 20:17:40"]
        try expectSame(raster.save("tiffsave", scratch.file("a.tif"), ["xres": "11.811"]))
        try expectSame(raster.save("pngsave", scratch.file("a.png")))
        try expectSame(raster.save("webpsave", scratch.file("a.webp")))
        raster = Raster(37, 23, bands: 3) { x, y, band in UInt8((x * 5 + y * 7 + band * 31) % 256) }
        raster.integers = ["orientation": 7]
        raster.strings = ["exif-ifd2-DateTimeOriginal": "1969:07:20 20:17:40"]
        let photograph = try expectSame(raster.save("jpegsave", scratch.file("a.jpg"), ["interlace": "true"]))
        #expect(photograph.dates.original == "1969:07:20 20:17:40" && photograph.width == 23)
    }

    @Test("AVIF", .enabled(if: RefusalTests.hasAVIF, "libvips here does not write AVIF"))
    func avif() throws {
        try expectSame(
            DecodeTests.ramp.save("heifsave", scratch.file("a.avif"), ["compression": "av1", "Q": "90"]))
    }

    @discardableResult
    private func expectSame(_ path: String) throws -> Photograph {
        let (here, there) = (try Photograph.open(path: path), try decoder.photograph(path: path))
        #expect(there.plane.tones == here.plane.tones && there.plane.alpha == here.plane.alpha)
        #expect(there.chroma256().values == here.chroma256().values)
        #expect(there.chromaticity == here.chromaticity && there.bitDepth == here.bitDepth)
        #expect(there.format == here.format && there.dates == here.dates && there.resolution == here.resolution)
        #expect(there.warnings == here.warnings && there.width == here.width && there.height == here.height)
        return there
    }

    @Test("Refusals are the same as from this process")
    func refusals() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Repository.sample("camera.jpg"))))
        let paths = [
            try scratch.write([], "empty.jpg"), try scratch.write(Array("Dear diary".utf8), "text.jpg"),
            try scratch.write(Array(bytes.prefix(bytes.count / 2)), "cut.jpg"),
        ]
        for path in paths {
            let here = #expect(throws: ImagingError.self) { try Photograph.open(path: path) }
            let there = #expect(throws: ImagingError.self) { try decoder.photograph(path: path) }
            #expect(here == there)
        }
        var limits = DecodeLimits()
        limits.pixels = 100
        let error = #expect(throws: ImagingError.self) { try decoder.photograph(path: good(), limits: limits) }
        #expect(error.map { "\($0)" }?.hasSuffix("are more than 100 pixels") == true)
    }

    @Test(
        "A decoder that misbehaves takes only its own photograph",
        arguments: [
            ("crash", "the decoder crashed or ran out of memory"),
            ("abort", "the decoder crashed or ran out of memory"),
            ("exit", "the decoder ended without an answer (code 3)"), ("hang", "took longer than 0.5 seconds"),
            ("spin", "took longer than 0.5 seconds"), ("grow", "the decoder crashed or ran out of memory"),
            ("garbage", "the decoder gave an answer that cannot be read"), ("no header", "the decoder gave no header"),
            ("no pixels", "the decoder ended without an answer"),
            ("empty size", "the decoder gave an impossible header"),
            ("negative size", "the decoder gave an impossible header"),
            ("huge size", "the decoder gave an impossible header"), ("false colours", "impossible colours"),
            ("long reason", "damaged or incomplete: x\\u{1B}\\n"), ("linger", "damaged or incomplete: no"),
        ])
    func faults(fault: String, reason: String) throws {
        var limits = DecodeLimits()
        if fault == "hang" || fault == "spin" { limits.seconds = 0.5 }
        let path = try faulty(fault)
        let error = #expect(throws: ImagingError.self) { try decoder.photograph(path: path, limits: limits) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix(path + ": ") && text.contains(reason), "\(text)")
        #expect(text.utf8.count < path.utf8.count + 1000)
        #expect(error?.isTransient == reason.contains("longer"))
        #expect(try decoder.photograph(path: good()).width == 80)
    }

    @Test("Sizes that grow after the header was read are refused by the limits that held for it")
    func giantLimits() throws {
        let description = ImageDescription(
            width: 40, height: 30, hasAlpha: false, bitDepth: 8, format: .png, dates: .init(), warnings: [])
        var changed = description
        #expect(description.checked(limits: DecodeLimits()) == description)
        (changed.dates.original, changed.dates.modified) = ("1969:07:20 20:17:40", "\u{1B}[31m")
        #expect(changed.checked(limits: DecodeLimits())?.dates == .init(original: "1969:07:20 20:17:40"))
        for change in [
            { $0.width = Int.max }, { $0.height = 0 }, { $0.bitDepth = 12 }, { $0.resolution = .nan },
            { $0.resolution = -1 }, { $0.warnings = Array(repeating: "w", count: 9) },
        ] as [(inout ImageDescription) -> Void] {
            var description = description
            change(&description)
            #expect(description.checked(limits: DecodeLimits()) == nil)
        }
    }

    @Test("A helper that was killed while it was idle is replaced")
    func killed() throws {
        _ = try decoder.photograph(path: good())
        let helpers = decoder.idleProcesses
        for helper in helpers { kill(helper, SIGKILL) }
        #expect(helpers.count == 1)
        var width = 0
        // A signal takes a moment to arrive.
        for _ in 0..<100 where width == 0 { width = (try? decoder.photograph(path: good()).width) ?? 0 }
        #expect(width == 80)
    }

    @Test("A program that is no helper is a clear error")
    func noHelper() throws {
        for program in ["/bin/true", "/does/not/exist"] {
            let error = #expect(throws: ImagingError.self) {
                try SandboxedDecoder(program: program).photograph(path: good())
            }
            let isKind = if case .noDecoder? = error { true } else { false }
            #expect(isKind && error?.isTransient == true, "\(error.map { "\($0)" } ?? "nothing")")
        }
    }

    @Test("What the caller throws between header and pixels comes out")
    func givenUp() throws {
        let path = try good()
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        #expect(throws: CancellationError.self) {
            try decoder.photograph(descriptor: descriptor, name: "a") { width, height in
                #expect(width == 80 && height == 60)
                throw CancellationError()
            }
        }
        #expect(try decoder.photograph(path: path).width == 80)
    }
}
