import Flow
import Foundation
import Tensor

/// Handwritten digits with their labels.
package struct DigitImages: Sendable {
    /// The two parts of the MNIST database.
    package enum Part: String, Sendable {
        case training = "train"
        case test = "t10k"
    }

    /// How many.
    package let count: Int
    /// The digit of each.
    let labels: [Int]
    private let pixels: [UInt8]

    private static let side = 28

    /// Reads a part of the database under its published file names, compressed or not.
    package init(_ part: Part, directory: String) throws(TrainingError) {
        func path(_ name: String) throws(TrainingError) -> String {
            let plain = "\(directory)/\(part.rawValue)-\(name)-ubyte"
            guard let found = [plain, plain + ".gz"].first(where: FileManager.default.fileExists(atPath:)) else {
                throw .data(path: plain, reason: "neither this file nor \(plain).gz is there")
            }
            return found
        }
        let (imagePath, labelPath) = (try path("images-idx3"), try path("labels-idx1"))
        let images = try IDXFile(path: imagePath, axes: 3)
        let labels = try IDXFile(path: labelPath, axes: 1)
        guard images.shape[0] > 0 else { throw .data(path: imagePath, reason: "no images") }
        guard images.shape[1...] == [Self.side, Self.side] else {
            throw .data(path: imagePath, reason: "images of \(images.shape[1])×\(images.shape[2]) where 28×28 are due")
        }
        guard labels.shape[0] == images.shape[0] else {
            throw .data(path: labelPath, reason: "\(labels.shape[0]) labels for \(images.shape[0]) images")
        }
        if let wrong = labels.bytes.first(where: { $0 > 9 }) {
            throw .data(path: labelPath, reason: "label \(wrong) is no digit")
        }
        count = images.shape[0]
        pixels = images.bytes
        self.labels = labels.bytes.map(Int.init)
    }

    /// Some images, normalised, [N, 784], with normal noise of the given scale from a stream.
    func batch(_ indices: some Collection<Int>, noise: Float, _ stream: inout RandomStream) -> Tensor {
        let size = DigitGenerator.latentCount
        var values: [Float] = []
        values.reserveCapacity(indices.count * size)
        for index in indices {
            for pixel in pixels[index * size..<(index + 1) * size] {
                let value = (Float(pixel) / 255 - DigitGenerator.pixelOffset) / DigitGenerator.pixelScale
                values.append(value + noise * Float(stream.nextNormal()))
            }
        }
        return Tensor([indices.count, size], values)
    }
}
