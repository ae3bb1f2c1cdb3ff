import Tensor

/// Operations on single values and planes.
///
/// Tensors are `[N, C, …]`, with any number of axes behind the channels.
package enum Elementwise {
    /// y = activation(x·scale + shift), with one scale and one shift a channel (batch norm in evaluation).
    package static func affine(
        _ x: Tensor, scale: [Float], shift: [Float], activation: Activation = .none, _ execution: Execution
    ) -> Tensor {
        let layout = Layout(x)
        precondition(
            scale.count == layout.channels && shift.count == layout.channels,
            "\(scale.count) scales and \(shift.count) shifts for \(layout.channels) channels")
        let clamp = Clamp(activation)
        return mapPlanes(x, layout, execution) { plane, source, target in
            let channel = plane % layout.channels
            let (factor, offset) = (scale[channel], shift[channel])
            forEachVector(layout.plane) { at in
                target.put(clamp(Vector(repeating: offset).addingProduct(source.vector(at), factor)), at)
            } rest: { at in
                target[at] = clamp(offset.addingProduct(source[at], factor))
            }
        }
    }

    /// activation(x + y), where `y` has the shape of `x`, or a batch of 1 that is added to every image.
    package static func add(
        _ x: Tensor, _ y: Tensor, activation: Activation = .none, _ execution: Execution
    ) -> Tensor {
        let layout = Layout(x)
        precondition(
            y.shape == x.shape || y.shape == [1] + x.shape.dropFirst(), "cannot add \(y.shape) to \(x.shape)")
        let clamp = Clamp(activation)
        let planes = y.shape[0] == 1 ? layout.channels : layout.batch * layout.channels
        return y.withUnsafePointer { other in
            mapPlanes(x, layout, execution) { plane, source, target in
                let second = other + plane % planes &* layout.plane
                forEachVector(layout.plane) { at in
                    target.put(clamp(source.vector(at) + second.vector(at)), at)
                } rest: { at in
                    target[at] = clamp(source[at] + second[at])
                }
            }
        }
    }

    /// y = R·x at every position: `matrix` `[C, C]` applied to the channels, a 1 × 1 convolution without bias.
    package static func rotate(_ x: Tensor, _ matrix: Tensor, _ execution: Execution) -> Tensor {
        let layout = Layout(x)
        let channels = layout.channels
        precondition(matrix.shape == [channels, channels], "matrix \(matrix.shape) for \(channels) channels")
        execution.counter?.add(multiplications: x.count * channels)
        var output = Tensor(uninitialized: x.shape)
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                matrix.withUnsafePointer { rotation in
                    execution.spread(layout.batch) { image in
                        // One call of the same shape for each image: its bits cannot depend on the others.
                        let offset = image &* channels &* layout.plane
                        Matrix.multiply(
                            rows: channels, columns: layout.plane, depth: channels, rotation, stride: channels,
                            source + offset, stride: layout.plane, target + offset, stride: layout.plane)
                    }
                }
            }
        }
        return output
    }
}

extension Elementwise {
    /// The extents of a tensor seen as `[batch, channels, plane]`.
    struct Layout {
        let batch: Int
        let channels: Int
        let plane: Int

        init(_ x: Tensor) {
            precondition(x.shape.count >= 2, "no channels in shape \(x.shape)")
            (batch, channels) = (x.shape[0], x.shape[1])
            plane = x.shape.dropFirst(2).reduce(1, *)
        }
    }

    /// A tensor of the same shape whose planes `body` computes from those of `x`.
    static func mapPlanes(
        _ x: Tensor, _ layout: Layout, _ execution: Execution,
        _ body: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Tensor {
        var output = Tensor(uninitialized: x.shape)
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(layout.batch * layout.channels, by: max(1, 16384 / max(1, layout.plane))) { planes in
                    for plane in planes {
                        body(plane, source + plane &* layout.plane, target + plane &* layout.plane)
                    }
                }
            }
        }
        return output
    }

    /// Visits `0..<count` in steps of eight, and what is left one by one.
    @inline(__always)
    static func forEachVector(_ count: Int, _ body: (Int) -> Void, rest: (Int) -> Void) {
        var index = 0
        while index &+ 8 <= count {
            body(index)
            index &+= 8
        }
        while index < count {
            rest(index)
            index &+= 1
        }
    }
}
