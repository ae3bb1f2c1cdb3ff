import Tensor

/// Resampling inside the network: by whole factors, many planes side by side; pictures have Imaging's `Resampler`.
extension Elementwise {
    /// The mean of each plane, `[N, C, …]` → `[N, C]`, summed in double precision.
    package static func globalAveragePool(_ x: Tensor, _ execution: Execution) -> Tensor {
        let layout = Layout(x)
        precondition(layout.plane > 0, "no values to average in \(x.shape)")
        var output = Tensor(uninitialized: [layout.batch, layout.channels])
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(layout.batch * layout.channels, by: max(1, 16384 / layout.plane)) { planes in
                    for plane in planes {
                        let values = source + plane &* layout.plane
                        // Four sums hide the latency of the additions.
                        var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
                        var index = 0
                        while index &+ 4 <= layout.plane {
                            s0 += Double(values[index])
                            s1 += Double(values[index &+ 1])
                            s2 += Double(values[index &+ 2])
                            s3 += Double(values[index &+ 3])
                            index &+= 4
                        }
                        while index < layout.plane {
                            s0 += Double(values[index])
                            index &+= 1
                        }
                        target[plane] = Float(((s0 + s1) + (s2 + s3)) / Double(layout.plane))
                    }
                }
            }
        }
        return output
    }

    /// The means of k × k blocks, `[N, C, H, W]` → `[N, C, H/k, W/k]`; H and W are multiples of k.
    package static func averagePool(_ x: Tensor, _ k: Int, _ execution: Execution) -> Tensor {
        let size = Size(x)
        precondition(
            k >= 1 && size.height % k == 0 && size.width % k == 0, "cannot average blocks of \(k) in \(x.shape)")
        let (height, width) = (size.height / k, size.width / k)
        let factor = 1 / Float(k * k)
        return planes(x, to: [size.batch, size.channels, height, width], execution) { source, target in
            for y in 0..<height {
                for column in 0..<width {
                    var sum: Float = 0
                    for dy in 0..<k {
                        let line = source + ((y &* k &+ dy) &* size.width &+ column &* k)
                        for dx in 0..<k { sum += line[dx] }
                    }
                    target[y &* width &+ column] = sum * factor
                }
            }
        }
    }

    /// y + x enlarged twofold (nearest neighbour): `[N, C, 2H, 2W]` + up(`[N, C, H, W]`).
    package static func addNearestUpsampled2(_ y: Tensor, _ x: Tensor, _ execution: Execution) -> Tensor {
        let size = Size(x)
        let (height, width) = (2 * size.height, 2 * size.width)
        precondition(
            y.shape == [size.batch, size.channels, height, width], "cannot add \(x.shape) twofold to \(y.shape)")
        var output = Tensor(uninitialized: y.shape)
        output.withUnsafeMutablePointer { target in
            y.withUnsafePointer { fine in
                x.withUnsafePointer { coarse in
                    execution.spread(size.planes, by: max(1, 16384 / max(1, height * width))) { planes in
                        for line in planes.lowerBound &* height..<planes.upperBound &* height {
                            let from = coarse + line / 2 &* size.width
                            let (source, row) = (fine + line &* width, target + line &* width)
                            for column in 0..<size.width {
                                row[2 &* column] = source[2 &* column] + from[column]
                                row[2 &* column &+ 1] = source[2 &* column &+ 1] + from[column]
                            }
                        }
                    }
                }
            }
        }
        return output
    }

    /// x enlarged twofold, linearly between the centres of its pixels: `[N, C, H, W]` → `[N, C, 2H, 2W]` (PyTorch's
    /// `interpolate` with `bilinear` and without `align_corners`).
    package static func bilinearUpsampled2(_ x: Tensor, _ execution: Execution) -> Tensor {
        let size = Size(x)
        let (height, width) = (size.height, size.width)
        return planes(x, to: [size.batch, size.channels, 2 * height, 2 * width], execution) { source, target in
            for y in 0..<2 * height {
                let near = source + y / 2 &* width
                let other = y / 2 &+ (y % 2 == 0 ? -1 : 1)
                let far = source + min(height &- 1, max(0, other)) &* width
                let line = target + 2 &* y &* width
                func value(_ column: Int) -> Float { 0.75 * near[column] + 0.25 * far[column] }
                for column in 0..<width {
                    let (left, middle, right) = (
                        value(max(0, column &- 1)), value(column), value(min(width &- 1, column &+ 1))
                    )
                    line[2 &* column] = 0.25 * left + 0.75 * middle
                    line[2 &* column &+ 1] = 0.75 * middle + 0.25 * right
                }
            }
        }
    }

    /// 2 × 2 blocks become channels: `[N, C, H, W]` → `[N, 4C, H/2, W/2]`, out[4c + 2dy + dx] (PyTorch's
    /// `pixel_unshuffle`).
    package static func spaceToDepth2(_ x: Tensor, _ execution: Execution) -> Tensor {
        let size = Size(x)
        precondition(size.height % 2 == 0 && size.width % 2 == 0, "odd height or width in \(x.shape)")
        let (height, width) = (size.height / 2, size.width / 2)
        return planes(x, to: [size.batch, 4 * size.channels, height, width], execution) { source, target in
            for y in 0..<size.height {
                let line = source + y &* size.width
                let even = target + (y % 2 &* 2 &* height &+ y / 2) &* width
                let odd = even + height &* width
                for column in 0..<width {
                    even[column] = line[2 &* column]
                    odd[column] = line[2 &* column &+ 1]
                }
            }
        }
    }

    /// The inverse of `spaceToDepth2`: `[N, 4C, H, W]` → `[N, C, 2H, 2W]` (PyTorch's `pixel_shuffle`).
    package static func depthToSpace2(_ x: Tensor, _ execution: Execution) -> Tensor {
        let size = Size(x)
        precondition(size.channels % 4 == 0, "channels of \(x.shape) are no multiple of 4")
        let (height, width) = (2 * size.height, 2 * size.width)
        let shape = [size.batch, size.channels / 4, height, width]
        return planes(x, to: shape, execution) { source, target in
            for y in 0..<height {
                let line = target + y &* width
                let even = source + (y % 2 &* 2 &* size.height &+ y / 2) &* size.width
                let odd = even + size.height &* size.width
                for column in 0..<size.width {
                    line[2 &* column] = even[column]
                    line[2 &* column &+ 1] = odd[column]
                }
            }
        }
    }

    /// The extents of a batch of images.
    private struct Size {
        let batch: Int
        let channels: Int
        let height: Int
        let width: Int

        var planes: Int { batch * channels }

        init(_ x: Tensor) {
            precondition(x.shape.count == 4, "not a batch of images: \(x.shape)")
            (batch, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        }
    }

    /// A tensor of the given shape, computed in as many equal parts as the one with fewer planes has planes.
    private static func planes(
        _ x: Tensor, to shape: [Int], _ execution: Execution,
        _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        var output = Tensor(uninitialized: shape)
        let parts = min(x.shape[0] * x.shape[1], shape[0] * shape[1])
        guard parts > 0 else { return output }
        let (from, to) = (x.count / parts, output.count / parts)
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(parts, by: max(1, 16384 / max(1, from))) { range in
                    for part in range { body(source + part &* from, target + part &* to) }
                }
            }
        }
        return output
    }
}
