#include <cblas.h>

// LAPACK's solver of symmetric, positive definite systems, which Debian's OpenBLAS holds but declares nowhere.
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb,
            int *info);
