# Written for use and not run where this project is built: see README, «Qué no se ha probado».
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-spa tesseract-ocr-osd npm \
      libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui libreoffice-math-nogui \
      fonts-liberation fonts-crosextra-carlito fonts-crosextra-caladea \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/archivo
# With traces: --build-arg REQUIREMENTS=requirements-trazas.lock
ARG REQUIREMENTS=requirements.lock
COPY ${REQUIREMENTS} .
RUN python -m pip install --no-cache-dir --require-hashes -r ${REQUIREMENTS}

COPY package.json package-lock.json .npmrc ./
COPY archivo archivo
COPY ingest ingest
COPY search search
COPY preservation preservation
RUN npm ci --ignore-scripts && python -m archivo.web.build_assets && rm -rf node_modules \
 && python -m compileall -q archivo ingest search preservation \
 && python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'archivo.pth').write_text('/opt/archivo')" \
 && useradd --create-home --uid 10001 archivo && install -d -o archivo -m 0700 /var/lib/archivo

USER archivo
ENV ARCHIVO_HOME=/var/lib/archivo
VOLUME /var/lib/archivo
EXPOSE 8000
ENTRYPOINT ["python", "-P", "-m", "archivo"]
CMD ["serve", "--host", "0.0.0.0"]
