import Foundation

/// The small pictures beside a result's variants, hidden, for whoever shows many results: the desk decodes nothing.
package enum PreviewFiles {
    /// Most pixels along the longer side of a preview.
    package static let previewSide = 800
    /// The same of the gray picture that new draws are previewed on.
    package static let graySide = 512
    /// Quality of these files.
    package static let quality = 80

    /// The map of where the variants disagree, alone.
    package static let uncertainty = ".uncertainty.jpg"
    /// The photograph without colour, without compression, so that it takes no decoder to read it.
    package static let gray = ".gray.pgm"

    /// A variant by its number; 0 is the photograph without colour.
    package static func preview(_ number: Int) -> String { String(format: ".preview-%02d.jpg", number) }
    /// As `preview`, of the size of a sheet's pictures.
    package static func thumbnail(_ number: Int) -> String { String(format: ".thumbnail-%02d.jpg", number) }
}
