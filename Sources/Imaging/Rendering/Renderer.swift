import CVips
import Foundation
import Tensor

/// A report on one written variant.
package struct VariantReport: Sendable, Equatable {
    /// Pixels whose chroma was lowered by more than half a unit, because sRGB has no such colour of that lightness.
    package var clippedPixels: Int
    /// Mean chroma of the picture as written, in Lab units.
    package var meanChroma: Double
    /// Remarks for the user, such as transparency that the format cannot keep.
    package var warnings: [String]
}

/// Colours one photograph: everything its variants share is computed once.
///
/// Each `write` streams: beyond the photograph it needs memory for a few dozen rows. Any number may run at once.
package final class Renderer: Sendable {
    /// The photograph.
    package let photograph: Photograph
    private let guide: ChromaUpsampler
    private let threads: Int

    /// - Parameter threads: most threads that paint one variant; results do not depend on it.
    package init(_ photograph: Photograph, threads: Int = 1) {
        precondition(threads > 0, "painting needs at least one thread")
        self.photograph = photograph
        self.threads = threads
        guide = ChromaUpsampler(lightness: photograph.networkLightness())
    }

    /// Colours for the photograph at any size.
    /// - Parameter chroma: `[1, 2, 64, 64]`, a and b in Lab units.
    package func field(chroma: Tensor) -> ChromaField { guide.field(chroma: chroma) }

    /// What known chroma of some pixels does to any field of this photograph; nil without any.
    package func anchored(_ anchors: [ChromaAnchor]) -> AnchoredField? {
        guard !anchors.isEmpty else { return nil }
        let plane = photograph.plane
        let lightness = anchors.map { GrayLevel.lightness[plane.tones[$0.y * plane.width + $0.x]] * 0.01 }
        return AnchoredField(
            anchors, lightness: lightness, width: plane.width, height: plane.height, guide: guide.lightness)
    }

    /// The same, brought to known chroma of some pixels: around them, too, as far as lightness does not change.
    package func field(chroma: Tensor, anchored: AnchoredField?) -> ChromaField {
        let field = field(chroma: chroma)
        return anchored?.corrected(field) ?? field
    }

    /// A colour as it is painted.
    package struct Painted: Sendable {
        /// L, the photograph's own.
        package var lightness: Float
        /// a and b in Lab units.
        package var chroma: SIMD2<Float>
        /// Whether sRGB has no stronger colour of that lightness and hue.
        package var isHeld: Bool
    }

    /// The colour that a field gives a pixel.
    package func color(_ field: ChromaField, x: Int, y: Int, saturation: Double) -> Painted {
        let plane = photograph.plane
        let light = GrayLevel.lightness[plane.tones[y * plane.width + x]]
        let wanted =
            field.chroma(x: x, y: y, width: plane.width, height: plane.height, lightness: light * 0.01)
            * Float(saturation)
        let scale = Gamut.fit(
            Vector(repeating: (light + 16) * (1 / 116)), Vector(repeating: wanted.x), Vector(repeating: wanted.y)
        ).scale[0]
        return Painted(lightness: light, chroma: wanted * scale, isHeld: scale < 1)
    }

    /// Writes one variant at full resolution; the same input gives the same bytes.
    /// - Parameters:
    ///   - field: its colours.
    ///   - path: a new file; one that is there is replaced, one that failed is removed.
    ///   - metadata: the photograph's own, made ready for this format; without them its dates alone are carried.
    /// - Throws: `ImagingError`.
    package func write(
        _ field: ChromaField, to path: String, options: OutputOptions, disclosure: Disclosure,
        metadata: OriginalMetadata? = nil
    ) throws -> VariantReport {
        try Vips.ensureStarted()
        try options.validate()
        let plane = photograph.plane
        let layout = RowPainter.Layout(
            depth: options.format.keepsDepth ? photograph.bitDepth : 8,
            hasAlpha: photograph.hasAlpha && options.format.keepsAlpha,
            flattens: photograph.hasAlpha && !options.format.keepsAlpha)
        let strips = StripPainter(
            plane: plane, field: field, saturation: options.saturation, layout: layout, threads: threads)
        try Encoder.write(
            strips, pixelsPerInch: photograph.resolution ?? 72, to: path, options: options,
            metadata: FileMetadata(metadata, disclosure, dates: photograph.dates))
        var warnings: [String] = []
        if layout.flattens {
            warnings.append("\(options.format.rawValue) keeps no transparency: the picture is laid onto white")
        }
        if photograph.bitDepth > layout.depth {
            warnings.append("\(options.format.rawValue) keeps 8 of the photograph's 16 bits")
        }
        let counter = strips.total
        return VariantReport(
            clippedPixels: counter.clipped, meanChroma: counter.chroma / Double(plane.width * plane.height),
            warnings: warnings)
    }

    /// Writes a variant's XMP as a file of its own, for managers of photographs that read only such.
    /// - Throws: `ImagingError`.
    package func writeSidecar(to path: String, disclosure: Disclosure, metadata: OriginalMetadata?) throws {
        let packet = FileMetadata(metadata, disclosure, dates: photograph.dates).xmp
        do { try Data((packet + "\n").utf8).write(to: URL(fileURLWithPath: path)) } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code ?? Int(EIO)
            throw ImagingError.cannotWrite(file: Photograph.printable(path), code: Int32(code))
        }
    }

    /// A reduced copy for sheets and maps; prepared once, it colours every variant quickly.
    /// - Parameters:
    ///   - longSide: most pixels along the longer side; a smaller photograph is not enlarged.
    ///   - threads: most threads that compute it.
    package func preview(longSide: Int, threads: Int = 1) -> Preview {
        precondition(longSide > 0, "a preview needs at least one pixel")
        let plane = photograph.plane
        let scale = min(1, Double(longSide) / Double(max(plane.width, plane.height)))
        let width = max(1, Int((Double(plane.width) * scale).rounded()))
        let height = max(1, Int((Double(plane.height) * scale).rounded()))
        let lightness = plane.lightness(width: width, height: height, threads: threads)
        return Preview(plane: GrayPlane(width: width, height: height, lightness: lightness))
    }
}
