import Foundation
import Tensor

extension Naive {
    /// y = activation(x·scale + shift) for each channel of `[N, C, …]`.
    package static func affine(
        _ x: Tensor, scale: [Float], shift: [Float], activation: Activation = .none
    ) -> Tensor {
        let plane = x.shape.dropFirst(2).reduce(1, *)
        let values = x.values.enumerated().map { index, value in
            let channel = index / plane % x.shape[1]
            return activation(Float(Double(value) * Double(scale[channel]) + Double(shift[channel])))
        }
        return Tensor(x.shape, values)
    }

    /// y = R·x at every position of `[N, C, …]`.
    package static func rotate(_ x: Tensor, _ matrix: Tensor) -> Tensor {
        let (channels, plane) = (x.shape[1], x.shape.dropFirst(2).reduce(1, *))
        let (values, rotation) = (x.values, matrix.values)
        return Tensor(
            x.shape,
            values.indices.map { index in
                let (image, rest) = index.quotientAndRemainder(dividingBy: channels * plane)
                let (row, position) = rest.quotientAndRemainder(dividingBy: plane)
                return Float(
                    (0..<channels).reduce(0.0) {
                        $0 + Double(rotation[row * channels + $1])
                            * Double(values[(image * channels + $1) * plane + position])
                    })
            })
    }

    /// The coupling of `Elementwise.couplingForward` or, inverted, of `couplingInverse`, and Σ s′ of each sample.
    package static func coupling(_ x: Tensor, st: Tensor, alpha: Float, inverse: Bool) -> (Tensor, [Double]) {
        let size = x.count / x.shape[0]
        let (values, parameters) = (x.values, st.values)
        var sums = [Double](repeating: 0, count: x.shape[0])
        let result = values.indices.map { index in
            let (sample, place) = index.quotientAndRemainder(dividingBy: size)
            let (s, t) = (parameters[2 * sample * size + place], Double(parameters[(2 * sample + 1) * size + place]))
            let clamped = Double(alpha) * SoftClamp.factor * atan(Double(s) / Double(alpha))
            sums[sample] += clamped
            let value = Double(values[index])
            return Float(inverse ? (value - t) * exp(-clamped) : value * exp(clamped) + t)
        }
        return (Tensor(x.shape, result), sums)
    }

    /// The means of k × k blocks of `[N, C, H, W]`.
    package static func averagePool(_ x: Tensor, _ k: Int) -> Tensor {
        map(x, to: [x.shape[0], x.shape[1], x.shape[2] / k, x.shape[3] / k]) { n, c, y, column, value in
            let sum = (0..<k * k).reduce(0.0) { $0 + Double(value(n, c, y * k + $1 / k, column * k + $1 % k)) }
            return Float(sum / Double(k * k))
        }
    }

    /// y + x enlarged twofold.
    package static func addNearestUpsampled2(_ y: Tensor, _ x: Tensor) -> Tensor {
        let enlarged = map(x, to: y.shape) { n, c, row, column, value in value(n, c, row / 2, column / 2) }
        return Tensor(y.shape, zip(y.values, enlarged.values).map { $0 + $1 })
    }

    /// x enlarged twofold, linearly between the centres of its pixels.
    package static func bilinearUpsampled2(_ x: Tensor) -> Tensor {
        func around(_ place: Int, _ side: Int) -> [(Int, Double)] {
            let other = place / 2 + (place % 2 == 0 ? -1 : 1)
            return [(place / 2, 0.75), (min(side - 1, max(0, other)), 0.25)]
        }
        return map(x, to: [x.shape[0], x.shape[1], 2 * x.shape[2], 2 * x.shape[3]]) { n, c, row, column, value in
            let weighed = around(row, x.shape[2]).map { y, weight in
                around(column, x.shape[3]).reduce(0.0) { $0 + weight * $1.1 * Double(value(n, c, y, $1.0)) }
            }
            return Float(weighed.reduce(0, +))
        }
    }

    /// out[4c + 2dy + dx, y, x] = in[c, 2y + dy, 2x + dx].
    package static func spaceToDepth2(_ x: Tensor) -> Tensor {
        map(x, to: [x.shape[0], 4 * x.shape[1], x.shape[2] / 2, x.shape[3] / 2]) { n, c, y, column, value in
            value(n, c / 4, 2 * y + c % 4 / 2, 2 * column + c % 2)
        }
    }

    /// out[c, y, x] = in[4c + 2(y mod 2) + x mod 2, y/2, x/2].
    package static func depthToSpace2(_ x: Tensor) -> Tensor {
        map(x, to: [x.shape[0], x.shape[1] / 4, 2 * x.shape[2], 2 * x.shape[3]]) { n, c, y, column, value in
            value(n, 4 * c + 2 * (y % 2) + column % 2, y / 2, column / 2)
        }
    }

    /// A tensor of images, each value a function of its place and of the values of `x`.
    private static func map(
        _ x: Tensor, to shape: [Int], _ body: (Int, Int, Int, Int, (Int, Int, Int, Int) -> Float) -> Float
    ) -> Tensor {
        let (values, from) = (x.values, x.shape)
        let element = { (n: Int, c: Int, y: Int, column: Int) in
            values[((n * from[1] + c) * from[2] + y) * from[3] + column]
        }
        return Tensor(
            shape,
            (0..<shape.reduce(1, *)).map { index in
                let (line, column) = index.quotientAndRemainder(dividingBy: shape[3])
                let (plane, y) = line.quotientAndRemainder(dividingBy: shape[2])
                let (n, c) = plane.quotientAndRemainder(dividingBy: shape[1])
                return body(n, c, y, column, element)
            })
    }
}
