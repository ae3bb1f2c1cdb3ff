import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct UpsamplingTests {
    /// Mean distance in a and b from the truth at 256×256: bilinear, and guided.
    private func errors(_ photograph: Photograph) -> (bilinear: Double, guided: Double) {
        let (truth, small) = (photograph.chroma256().values, photograph.chroma64())
        let field = ChromaUpsampler(lightness: photograph.networkLightness()).field(cells: small.values)
        let light = photograph.networkLightness().values
        let bilinear = Resampler.resized(small, width: 256, height: 256).values
        let count = 65536
        var sums = (0.0, 0.0)
        for i in 0..<count {
            let a = field.planes[i] * light[i] * 0.01 + field.planes[count + i]
            let b = field.planes[2 * count + i] * light[i] * 0.01 + field.planes[3 * count + i]
            func distance(_ a: Float, _ b: Float) -> Double {
                let (x, y) = (Double(a - truth[i]), Double(b - truth[count + i]))
                return (x * x + y * y).squareRoot()
            }
            sums.0 += distance(bilinear[i], bilinear[count + i])
            sums.1 += distance(a, b)
        }
        return (sums.0 / Double(count), sums.1 / Double(count))
    }

    @Test("Known chroma is nearer to the truth than by bilinear upsampling", arguments: Repository.colorPhotographs)
    func nearerThanBilinear(name: String) throws {
        let (bilinear, guided) = errors(try Photograph.open(path: Repository.fixture(name)))
        print("\(name): bilinear \(bilinear), guided \(guided)")
        #expect(guided < 0.9 * bilinear)
    }

    @Test(
        "The same on photographs of ImageNet",
        .enabled(if: FileManager.default.fileExists(atPath: Repository.validation), "no validation photographs here"))
    func validationPhotographs() throws {
        let scratch = try TemporaryFolder()
        var sums = (0.0, 0.0)
        var better = 0
        let files = try tarFiles(Repository.validation, every: 25)
        for (index, file) in files.enumerated() {
            let (bilinear, guided) = errors(try Photograph.open(path: try scratch.write(file, "\(index).jpg")))
            sums = (sums.0 + bilinear, sums.1 + guided)
            better += guided < bilinear ? 1 : 0
        }
        let count = Double(files.count)
        print("\(files.count) photographs: bilinear \(sums.0 / count), guided \(sums.1 / count)")
        #expect(sums.1 < 0.8 * sums.0 && better * 20 >= files.count * 19, "\(better) of \(files.count)")
    }

    @Test("The mean chroma of each cell is kept", arguments: Repository.colorPhotographs)
    func keepsMeans(name: String) throws {
        let photograph = try Photograph.open(path: Repository.fixture(name))
        let small = photograph.chroma64().values
        let field = ChromaUpsampler(lightness: photograph.networkLightness()).field(cells: small)
        let light = photograph.networkLightness().values
        let a = (0..<65536).map { field.planes[$0] * light[$0] * 0.01 + field.planes[65536 + $0] }
        let means = Photograph.cellMeans(a)
        let error = zip(means, small).reduce(into: 0) { $0 += Double(abs($1.0 - $1.1)) } / 4096
        #expect(error < 0.3, "\(error)")
    }

    /// Every n-th regular file of a tar archive.
    private func tarFiles(_ path: String, every step: Int) throws -> [[UInt8]] {
        let archive = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        var files: [[UInt8]] = []
        var (offset, index) = (0, 0)
        while offset + 512 <= archive.count, archive[offset] != 0 {
            let digits = archive[offset + 124..<offset + 135]
            let size = Int(String(decoding: digits, as: UTF8.self).trimmingCharacters(in: .whitespaces), radix: 8) ?? 0
            if archive[offset + 156] == UInt8(ascii: "0") {
                if index % step == 0 { files.append([UInt8](archive[offset + 512..<offset + 512 + size])) }
                index += 1
            }
            offset += 512 + (size + 511) / 512 * 512
        }
        return files
    }
}
