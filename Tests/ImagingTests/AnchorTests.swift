import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct AnchorTests {
    private let renderer: Renderer
    private let chroma = Tensor(NetworkGeometry.chromaShape, (0..<8192).map { $0 < 4096 ? 12 : -9 })

    /// A dark half beside a light one, with some grain.
    init() throws {
        let folder = try TemporaryFolder()
        let raster = Raster(800, 600, bands: 1) { x, y, _ in UInt8((x < 400 ? 60 : 190) + (x * 7 + y * 13) % 5) }
        renderer = Renderer(try Photograph.open(path: try raster.save("pngsave", folder.path + "/halves.png")))
    }

    private func painted(_ anchors: [ChromaAnchor], _ x: Int, _ y: Int) -> SIMD2<Float> {
        renderer.color(renderer.field(chroma: chroma, anchored: renderer.anchored(anchors)), x: x, y: y, saturation: 1)
            .chroma
    }

    private func apart(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> Float { ((a - b) * (a - b)).sum().squareRoot() }

    /// Corners, borders of the field's cells and pixels just beside an outline, too.
    @Test(arguments: [(0, 0), (799, 599), (398, 300), (401, 299), (123, 457)])
    func theColorIsReached(x: Int, y: Int) {
        let known = ChromaAnchor(x: x, y: y, chroma: SIMD2(-20, 25))
        #expect(apart(painted([known], x, y), known.chroma) < 1)
    }

    @Test func theFileHasIt() throws {
        let folder = try TemporaryFolder()
        let known = [
            ChromaAnchor(x: 123, y: 457, chroma: SIMD2(15, -10)), ChromaAnchor(x: 600, y: 20, chroma: SIMD2(0, 0)),
        ]
        let path = folder.path + "/colored.png"
        _ = try renderer.write(
            renderer.field(chroma: chroma, anchored: renderer.anchored(known)), to: path,
            options: OutputOptions(format: .png),
            disclosure: Disclosure(version: "", model: "", modelHash: "", seed: 1))
        let file = try samples(path)
        for anchor in known {
            let start = (anchor.y * file.width + anchor.x) * file.bands
            let rgb = (0..<3).map { Float(file.values[start + $0]) / 255 }
            let lab = Lab.fromRGB(Tensor([1, 3, 1, 1], rgb)).values
            #expect(apart(SIMD2(lab[1], lab[2]), anchor.chroma) < 2)
        }
    }

    @Test func contradictionsAreEachReached() {
        let known = [(200, 200), (206, 200), (203, 205)].enumerated().map { index, place in
            let step = Float(index)
            return ChromaAnchor(x: place.0, y: place.1, chroma: SIMD2(step * 20 - 20, 10 - step * 8))
        }
        for anchor in known { #expect(apart(painted(known, anchor.x, anchor.y), anchor.chroma) < 3) }
        let far = painted(known, 230, 200)
        #expect(apart(far, painted([], 230, 200)) < 2)
    }

    @Test func correctionsStopAtOutlines() {
        let known = [ChromaAnchor(x: 394, y: 300, chroma: SIMD2(-15, 20))]
        #expect(apart(painted(known, 388, 300), painted([], 388, 300)) > 10)
        #expect(apart(painted(known, 406, 300), painted([], 406, 300)) < 3)
        #expect(painted(known, 700, 300) == painted([], 700, 300))
    }

    @Test func aRadiusIsFilled() {
        let known = [ChromaAnchor(x: 200, y: 300, chroma: SIMD2(20, 20), radius: 40)]
        #expect(apart(painted(known, 235, 300), known[0].chroma) < 3)
        #expect(apart(painted(known, 300, 300), painted([], 300, 300)) < 1)
    }

    @Test func whatSRGBCannotShowIsSaid() {
        let anchored = renderer.anchored([ChromaAnchor(x: 600, y: 100, chroma: SIMD2(80, -100))])
        let field = renderer.field(chroma: chroma, anchored: anchored)
        let color = renderer.color(field, x: 600, y: 100, saturation: 1)
        #expect(color.isHeld && apart(color.chroma, SIMD2(80, -100)) > 20)
        #expect(!renderer.color(field, x: 100, y: 500, saturation: 1).isHeld)
    }
}
