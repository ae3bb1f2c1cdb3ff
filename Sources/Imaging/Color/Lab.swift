import Foundation
import Tensor

/// CIE L*a*b* of sRGB's white (D65, 2°), L from 0 to 100.
///
/// Equations of CIE 15:2004 with the matrix of IEC 61966-2-1; the same constants as the Reference.
package enum Lab {
    /// sRGB in 0…1 to Lab.
    /// - Parameter rgb: `[N, 3, H, W]`.
    /// - Returns: `[N, 3, H, W]`: L, a, b.
    package static func fromRGB(_ rgb: Tensor) -> Tensor {
        map(rgb) { r, g, b in
            lab(decode(r), decode(g), decode(b))
        }
    }

    /// Lab to sRGB, clipped to 0…1.
    /// - Parameter lab: `[N, 3, H, W]`: L, a, b.
    /// - Returns: `[N, 3, H, W]`.
    package static func toRGB(_ lab: Tensor) -> Tensor {
        map(lab) { lightness, a, b in
            let (red, green, blue) = linearRGB((lightness + 16) * (1 / 116), a, b)
            return (VectorMath.encode(red), VectorMath.encode(green), VectorMath.encode(blue))
        }
    }

    /// Linear light to L, a, b.
    @inline(__always)
    static func lab(_ red: Vector, _ green: Vector, _ blue: Vector) -> (Vector, Vector, Vector) {
        // Rows of the RGB to XYZ matrix, divided by the white point.
        let x = compress(red * 0.433949941 + green * 0.376209770 + blue * 0.189840290)
        let y = compress(luminance(red, green, blue))
        let z = compress(red * 0.017756583 + green * 0.109467961 + blue * 0.872775456)
        return (y * 116 - 16, (x - y) * 500, (y - z) * 200)
    }

    /// Linear light to luminance in 0…1.
    @inline(__always)
    static func luminance(_ red: Vector, _ green: Vector, _ blue: Vector) -> Vector {
        red * 0.2126729 + green * 0.7151522 + blue * 0.0721750
    }

    /// Lab to linear light, not clipped.
    /// - Parameter y: (L + 16) / 116.
    @inline(__always)
    static func linearRGB(_ y: Vector, _ a: Vector, _ b: Vector) -> (Vector, Vector, Vector) {
        let x = expand(y + a * (1 / 500))
        let z = expand(y - b * (1 / 200))
        let y = expand(y)
        // Rows of the inverse matrix, multiplied by the white point.
        return (
            x * 3.079955108 - y * 1.537138850 - z * 0.542816104,
            x * -0.921258626 + y * 1.876010929 + z * 0.045247509,
            x * 0.052887401 - y * 0.204025854 + z * 1.151138474
        )
    }

    @inline(__always)
    private static func compress(_ t: Vector) -> Vector {
        (t * (841.0 / 108) + (4.0 / 29)).replacing(with: VectorMath.cubeRoot(t), where: t .> 216.0 / 24389)
    }

    @inline(__always)
    private static func expand(_ f: Vector) -> Vector {
        ((f - 4.0 / 29) * (108.0 / 841)).replacing(with: f * f * f, where: f .> 6.0 / 29)
    }

    private static func decode(_ value: Vector) -> Vector {
        var result = Vector()
        for lane in 0..<8 { result[lane] = Float(decode(Double(value[lane]))) }
        return result
    }

    /// The sRGB curve to linear light, both in 0…1.
    static func decode(_ value: Double) -> Double {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }

    /// Linear light to the sRGB curve, both in 0…1.
    static func encode(_ linear: Double) -> Double {
        linear <= 0.0031308 ? linear * 12.92 : 1.055 * pow(linear, 1 / 2.4) - 0.055
    }

    private static func map(_ image: Tensor, _ body: (Vector, Vector, Vector) -> (Vector, Vector, Vector)) -> Tensor {
        let shape = image.shape
        precondition(shape.count == 4 && shape[1] == 3, "expected [N, 3, H, W], got \(shape)")
        let plane = shape[2] * shape[3]
        var result = Tensor(uninitialized: shape)
        image.withUnsafePointer { source in
            result.withUnsafeMutablePointer { target in
                for n in 0..<shape[0] {
                    let base = n * 3 * plane
                    for start in stride(from: 0, to: plane, by: 8) {
                        let count = min(8, plane - start)
                        let at = base + start
                        let out = body(
                            Vector(at: source + at, count: count), Vector(at: source + at + plane, count: count),
                            Vector(at: source + at + 2 * plane, count: count))
                        out.0.store(at: target + at, count: count)
                        out.1.store(at: target + at + plane, count: count)
                        out.2.store(at: target + at + 2 * plane, count: count)
                    }
                }
            }
        }
        return result
    }
}

extension Vector {
    /// Reads up to eight values; the other lanes are zero.
    @inline(__always)
    init(at pointer: UnsafePointer<Float>, count: Int = 8) {
        if count == 8 {
            self = UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
        } else {
            self.init()
            for lane in 0..<count { self[lane] = pointer[lane] }
        }
    }

    /// Writes the first `count` lanes.
    @inline(__always)
    func store(at pointer: UnsafeMutablePointer<Float>, count: Int = 8) {
        if count == 8 {
            UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Vector.self)
        } else {
            for lane in 0..<count { pointer[lane] = self[lane] }
        }
    }
}
